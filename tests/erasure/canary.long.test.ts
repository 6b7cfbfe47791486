import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withClient, withDatabase } from '../../database/connect.ts'
import { openTemporaryServer, type TemporaryServer } from '../../database/temporary.ts'
import { copyEveryTable, findCanaries } from '../support/canaries.ts'
import { connectStrava, historyImported } from '../support/connect-strava.ts'
import { signIn, until } from '../support/graphql-client.ts'
import { makeDataDirectory, type RunningProduct, startProduct } from '../support/running.ts'

const ROOT = join(import.meta.dirname, '../..')
const ADA = '7c3e9a52-1b4d-4f6a-8c2e-5d9b0a7f3e61'
const BELA = '5f0c2a9e-6b1d-4c7e-9a35-0d8e4b7f1a26'
const NAME = `canary-ride-${randomBytes(9).toString('base64url')}`
const KILLS = 10
const run = promisify(execFile)

let server: TemporaryServer
let admin: pg.Pool
let product: RunningProduct
const dataDirectory = makeDataDirectory()
const activities = join(dataDirectory, 'activities.json')

async function start(): Promise<RunningProduct> {
  return startProduct({
    dataDirectory,
    env: {
      DATABASE_URL: withDatabase(server.adminUrl, 'product'),
      STRAVA_SIMULATOR_ACTIVITIES: activities,
      ERASURE_GRACE_HOURS: '0',
      LOG_LEVEL: 'debug',
    },
  })
}

beforeAll(async () => {
  const recorded = JSON.parse(readFileSync(join(ROOT, 'tests/fixtures/strava-odd-activities.json'), 'utf8')) as {
    name?: string
  }[]
  writeFileSync(activities, JSON.stringify(recorded.map((activity) => ({ ...activity, name: NAME }))))
  server = await openTemporaryServer(undefined)
  await withClient(server.adminUrl, (client) => client.query('create database product'))
  admin = new pg.Pool({ connectionString: withDatabase(server.adminUrl, 'product'), max: 2 })
  admin.on('error', () => {})
  product = await start()
}, 120_000)
afterAll(async () => {
  await product?.stop()
  await admin?.end().catch(() => {})
  await server?.close()
  rmSync(dataDirectory, { recursive: true, force: true })
})

async function tributary(...args: string[]): Promise<string> {
  const env = { ...process.env, TRIBUTARY_DATA_DIR: dataDirectory, NODE_ENV: 'development' }
  const { stdout } = await run(process.execPath, ['service/cli/main.ts', ...args], { cwd: ROOT, env })
  return stdout
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true && path !== activities)
}

/** Every table, and every file that the product wrote: logs, backups, heads, exports. The simulator is the platform: not ours. */
async function sightings(looked: Record<string, string>): Promise<{ places: string[]; found: string[] }> {
  const [places, found]: [string[], string[]] = [[], []]
  const look = (name: string, bytes: Buffer) => {
    places.push(name)
    for (const { canary, spelling } of findCanaries(looked, bytes)) found.push(`${canary} in ${spelling} in ${name}`)
  }
  await admin.query('vacuum')
  for await (const { name, bytes } of copyEveryTable(admin)) look(name, bytes)
  for (const path of filesBelow(dataDirectory))
    if (!path.includes('simulator')) look(path.slice(dataDirectory.length + 1), readFileSync(path))
  look('the terminal', Buffer.from(product.output()))
  return { places, found }
}

describe('a person in every part of the running product', () => {
  test('is in none of it after deleteMyData, though the processes are killed ten times on the way', async () => {
    let ada = await signIn(product, ADA)
    await connectStrava(ada)
    await historyImported(ada)
    await until('the rows', () => count('activities'), { good: (rows) => rows > 0 })
    await tributary('backup')
    const before = await sightings({ 'user id': ADA, name: NAME })
    expect(before.found.some((line) => line.includes('public.activities'))).toBe(true)
    expect(before.found.some((line) => line.includes('hdb_catalog.event_log'))).toBe(true)

    const asked = await ada.ask('mutation { deleteMyData(confirm: "DELETE MY DATA") { requestId status } }')
    const { requestId } = (asked.data as { deleteMyData: { requestId: string } }).deleteMyData
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/)
    let kills = 0
    for (; kills < KILLS && (await statusOf(requestId)) !== 'complete'; kills += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 400))
      await product.killServiceAndWorker()
      await admin.query(
        'update graphile_worker._private_jobs set locked_at = null, locked_by = null, run_at = least(run_at, now())',
      )
      product = await start()
    }
    await until('the report', () => statusOf(requestId), { good: (status) => status === 'complete', withinMs: 150_000 })
    process.stdout.write(`deletion complete after ${kills} kills of service and worker\n`)

    ada = await signIn(product, ADA)
    const own = await ada.ask(`mutation { deletionReport(requestId: "${requestId}") { status report signature } }`)
    const { report } = (own.data as { deletionReport: { report: string } }).deletionReport
    expect(JSON.parse(report)).toMatchObject({
      rescan: { found: 0 },
      platforms: [{ platform: 'strava', answer: 'confirmed' }],
    })
    const bela = await signIn(product, BELA)
    expect(
      JSON.stringify(await bela.ask(`mutation { deletionReport(requestId: "${requestId}") { status } }`)),
    ).toContain('erasure/not_found')
    expect((await admin.query('select from erasures where report is not null')).rowCount).toBe(1)

    // What comes late: the app with a token that still lives, and the platform.
    const late = await ada.ask('mutation { connectPlatform(platform: "strava") { authorizationUrl } }')
    expect(late.errors?.[0]?.extensions.code).toBe('erasure/person_erased')
    await fetch(`${product.simulatorUrl}/strava/simulate/activity`, { method: 'POST' })
    await new Promise((resolve) => setTimeout(resolve, 1500))

    const after = await sightings({ 'user id': ADA, name: NAME })
    expect(after.found).toEqual([])
    for (const place of [
      'public.activities',
      'graphile_worker._private_jobs',
      'hdb_catalog.event_log',
      'audit.personal_values',
      'logs/service.log',
      'logs/worker.log',
    ])
      expect(after.places).toContain(place)
    expect(after.places.some((place) => place.endsWith('.archive'))).toBe(true)
    await until('a sealed trail', () => tributary('audit', 'verify').catch(String), {
      good: (text) => text.startsWith('the audit trail is whole'),
      withinMs: 90_000,
      everyMs: 5000,
    })
  }, 480_000)
})

async function count(table: string): Promise<number> {
  const { rows } = await admin.query<{ n: number }>(`select count(*)::int as n from ${table}`)
  return rows[0]!.n
}

async function statusOf(id: string): Promise<string> {
  const { rows } = await admin.query<{ status: string }>('select status from erasures where id = $1', [id])
  return rows[0]?.status ?? 'unknown'
}
