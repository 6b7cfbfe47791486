import { randomBytes } from 'node:crypto'
import { appendFileSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withClient, withDatabase } from '../../database/connect.ts'
import { openTemporaryServer, type TemporaryServer } from '../../database/temporary.ts'
import { type Canaries, copyEveryTable, findCanaries, readWal } from '../support/canaries.ts'
import { agreeTo, historyImported, redirected } from '../support/connect-strava.ts'
import { type Person, signIn, until } from '../support/graphql-client.ts'
import { Complete, Connect } from '../support/operations.ts'
import { type RecordingProxy, startRecordingProxy } from '../support/recording-proxy.ts'
import { freePorts, makeDataDirectory, type RunningProduct, readSettings, startProduct } from '../support/running.ts'

const ADA = '11111111-1111-4111-8111-111111111111'
const CLIENT_SECRET = `client-secret-${randomBytes(16).toString('base64url')}`
const ACTIVITIES = join(import.meta.dirname, '../fixtures/strava-odd-activities.json')

let server: TemporaryServer
let admin: pg.Pool
let proxy: RecordingProxy
let product: RunningProduct
let ada: Person
const dataDirectory = makeDataDirectory()
/** Everything the product said to anybody, by what was asked. */
const answers: { name: string; bytes: Buffer }[] = []
const caught: Record<string, string> = {}

beforeAll(async () => {
  server = await openTemporaryServer(undefined)
  await withClient(server.adminUrl, (client) => client.query('create database product'))
  admin = new pg.Pool({ connectionString: withDatabase(server.adminUrl, 'product'), max: 2 })
  admin.on('error', () => {})
  const [simulatorPort] = await freePorts(1)
  const simulator = `http://127.0.0.1:${simulatorPort}`
  proxy = await startRecordingProxy(() => simulator)
  product = await startProduct({
    dataDirectory,
    env: {
      DATABASE_URL: withDatabase(server.adminUrl, 'product'),
      SIMULATOR_PORT: String(simulatorPort),
      STRAVA_SIMULATOR_ACTIVITIES: ACTIVITIES,
      // Less than an hour: each refresh gives another pair.
      STRAVA_SIMULATOR_TOKEN_SECONDS: '3500',
      STRAVA_CLIENT_SECRET: CLIENT_SECRET,
      STRAVA_API_URL: `${proxy.url}/strava/api/v3`,
      STRAVA_OAUTH_URL: `${proxy.url}/strava/oauth`,
      LOG_LEVEL: 'debug',
    },
  })
  ada = await signIn(product, ADA)
}, 120_000)
afterAll(async () => {
  await product?.stop()
  await proxy?.close()
  await admin?.end().catch(() => {})
  await server?.close()
  rmSync(dataDirectory, { recursive: true, force: true })
})

async function ask(text: string, variables: object = {}): Promise<unknown> {
  const answer = await ada.ask(text, variables)
  answers.push({ name: text, bytes: Buffer.from(JSON.stringify(answer)) })
  return answer
}

const refresh = () => ask('mutation { refreshConnection(platform: "strava") { platform status refreshed expiresAt } }')
/** Old enough to be renewed at once, and no wait after a failure. */
const age = () =>
  admin.query(
    `update vault.tokens set updated_at = now() - interval '1 hour', refresh_not_before = null, access_expires_at = now() - interval '1 second'`,
  )

/** State, code and handle, as they pass through the browser. */
async function browse(): Promise<string> {
  await agreeTo(ada, 'strava')
  const { connectPlatform } = await ada.get(Connect, { platform: 'strava' })
  const callback = await redirected(`${connectPlatform.authorizationUrl}&simulate=approve`)
  const back = new URL(callback).searchParams
  const number = Object.keys(caught).length
  caught[`state ${number}`] = back.get('state') ?? ''
  caught[`code ${number}`] = back.get('code') ?? ''
  const page = await fetch(callback, { redirect: 'manual' })
  answers.push({ name: 'the callback', bytes: Buffer.from(await page.text()) })
  const handle = new URLSearchParams(new URL(page.headers.get('location') ?? '').hash.slice(1)).get('handle') ?? ''
  caught[`handle ${number}`] = handle
  return handle
}

/** Out of what passed the proxy: this side of it nothing is hidden. */
function canaries(): Canaries {
  const found: Record<string, string> = { ...caught, 'client secret': CLIENT_SECRET }
  for (const { path, form, answer, authorization } of proxy.exchanges) {
    if (authorization.startsWith('Basic ')) found['client credentials'] = authorization.slice('Basic '.length)
    const verifier = form.get('code_verifier')
    if (verifier !== null) found[`verifier ${verifier.slice(0, 4)}`] = verifier
    if (!path.endsWith('/oauth/token') || answer === '') continue
    const tokens = JSON.parse(answer) as { access_token?: string; refresh_token?: string }
    if (tokens.access_token) found[`access token ${tokens.access_token.slice(0, 4)}`] = tokens.access_token
    if (tokens.refresh_token) found[`refresh token ${tokens.refresh_token.slice(0, 4)}`] = tokens.refresh_token
  }
  return found
}

async function* everywhere(): AsyncGenerator<{ name: string; bytes: Buffer }> {
  yield { name: 'the terminal', bytes: Buffer.from(product.output()) }
  const logs = join(dataDirectory, 'logs')
  for (const file of readdirSync(logs)) yield { name: `logs/${file}`, bytes: readFileSync(join(logs, file)) }
  yield* answers
  yield* copyEveryTable(admin)
  await admin.query('checkpoint')
  await admin.query('select pg_switch_wal()')
  yield* readWal(admin)
}

async function sightings(looked: Canaries): Promise<{ places: string[]; found: string[] }> {
  const places: string[] = []
  const found: string[] = []
  for await (const { name, bytes } of everywhere()) {
    places.push(name)
    for (const { canary, spelling } of findCanaries(looked, bytes)) found.push(`${canary} in ${spelling} in ${name}`)
  }
  return { places, found }
}

describe('the secrets of a connection', () => {
  test('are nowhere after connect, sync, refresh, failures of each and disconnect', async () => {
    // The code is refused by a page that repeats it, then taken.
    proxy.failNext('/oauth/token', 400)
    await ask(Complete.toString(), { handle: await browse() })
    proxy.failNext('/athlete/activities', 500)
    const handle = await browse()
    await ask(Complete.toString(), { handle })
    await historyImported(ada)
    await ask(Complete.toString(), { handle })
    for (const status of [500, 401]) {
      await age()
      proxy.failNext('/oauth/token', status)
      await refresh()
    }
    await age()
    await refresh()
    proxy.failNext('/athlete', 500)
    await ask('mutation { checkConnection(platform: "strava") { working reason } }')
    await ask('mutation { checkConnection(platform: "strava") { working reason } }')
    await ask('mutation { syncNow(platform: "strava") { syncRunId } }')
    proxy.failNext('/oauth/revoke', 503)
    expect(
      await ask('mutation { disconnectPlatform(platform: "strava") { platformConfirmed revocationStatus } }'),
    ).toEqual({
      data: { disconnectPlatform: { platformConfirmed: false, revocationStatus: 'pending' } },
    })
    await ask('{ connections { status status_reason revocation_status } }')
    await admin.query(`update graphile_worker._private_jobs set run_at = now()`)
    await until('the revocation', () => ask('{ connections { revocation_status } }'), {
      good: (answer) => JSON.stringify(answer).includes('confirmed'),
    })
    const internal = `http://localhost:${readSettings(dataDirectory)['INTERNAL_PORT']}`
    for (const url of [`${internal}/metrics`, `${internal}/health`, `${product.url}/health/ready`])
      answers.push({ name: url, bytes: Buffer.from(await (await fetch(url)).arrayBuffer()) })

    const looked = canaries()
    const kinds = new Set(Object.keys(looked).map((name) => name.replace(/ \S+$/, '')))
    expect(kinds).toEqual(new Set(['state', 'code', 'handle', 'client', 'verifier', 'access token', 'refresh token']))
    expect(Object.keys(looked).filter((name) => name.startsWith('refresh token')).length).toBeGreaterThan(1)
    const { places, found } = await sightings(looked)
    expect(found).toEqual([])
    // The consent page is the browser's, with the state in its address. Strava's subscription API takes the client secret in the query
    // and has no other form.
    const elsewhere = ['/oauth/authorize', '/push_subscriptions']
    const asked = proxy.exchanges
      .map(({ path }) => path)
      .filter((path) => !elsewhere.some((part) => path.includes(part)))
    expect(findCanaries(looked, Buffer.from(asked.join('\n')))).toEqual([])
    for (const place of [
      'logs/service.log',
      'logs/worker.log',
      'vault.tokens',
      'graphile_worker._private_jobs',
      'hdb_catalog.event_log',
    ])
      expect(places).toContain(place)
    expect(places.filter((place) => place.startsWith('pg_wal/')).length).toBeGreaterThan(0)
    expect(answers.length).toBeGreaterThan(10)
  }, 180_000)

  test('would be found in each of these places', async () => {
    const planted = {
      'planted in a log': `planted-${randomBytes(12).toString('base64url')}`,
      'planted in a job': `planted-${randomBytes(12).toString('base64url')}`,
      'planted in a table': `planted-${randomBytes(12).toString('base64url')}`,
      'planted in an answer': `planted-${randomBytes(12).toString('base64url')}`,
      'planted and deleted': `planted-${randomBytes(12).toString('base64url')}`,
    }
    appendFileSync(
      join(dataDirectory, 'logs', 'worker.log'),
      `${Buffer.from(planted['planted in a log']).toString('hex')}\n`,
    )
    const job = JSON.stringify({ token: Buffer.from(`x${planted['planted in a job']}`).toString('base64') })
    await admin.query(
      `select graphile_worker.add_job('nobody_does_this', $1::json, run_at => now() + interval '1 year')`,
      [job],
    )
    await admin.query('create table ops.careless as select $1::bytea as token', [
      Buffer.from(planted['planted in a table']),
    ])
    answers.push({ name: 'an answer', bytes: Buffer.from(planted['planted in an answer']) })
    await admin.query('insert into ops.careless select $1::bytea', [Buffer.from(planted['planted and deleted'])])
    await admin.query('delete from ops.careless where token = $1', [Buffer.from(planted['planted and deleted'])])
    const { found } = await sightings(planted)
    expect(found).toEqual(
      expect.arrayContaining([
        'planted in a log in hex in logs/worker.log',
        'planted in a job in base64 in graphile_worker._private_jobs',
        'planted in a table in hex in ops.careless',
        'planted in an answer in plain in an answer',
        expect.stringMatching(/^planted and deleted in plain in pg_wal\//),
        expect.stringMatching(/^planted in a table in plain in pg_wal\//),
      ]),
    )
  }, 60_000)
})
