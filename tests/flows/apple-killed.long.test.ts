import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { request } from 'node:http'
import { afterAll, describe, expect, test } from 'vitest'
import { simulateExport } from '../../service/platforms/apple-health/simulator/export.ts'
import { agreeTo } from '../support/connect-strava.ts'
import { type Person, signIn, until } from '../support/graphql-client.ts'
import { makeDataDirectory, type RunningProduct, startProduct } from '../support/running.ts'

const ADA = '11111111-1111-4111-8111-111111111111'
const PIECE = 256 * 1024
const dataDirectory = makeDataDirectory()
const running: RunningProduct[] = []
afterAll(async () => {
  await Promise.all(running.map((product) => product.stop()))
  rmSync(dataDirectory, { recursive: true, force: true })
})

async function start(): Promise<RunningProduct> {
  const product = await startProduct({ dataDirectory })
  running.push(product)
  return product
}

const { text, totals } = simulateExport({
  seed: 11,
  firstDay: '2022-05-01',
  days: 420,
  heartRatesPerDay: 260,
  watchChange: 100,
})
const FILE = Buffer.from([...text].join(''))

interface Uploaded {
  readonly uploadId: string
  readonly receivedBytes: number
  readonly syncRunId: string
}

/** Sends the file from `offset`; `pace`: waits between two pieces. Rejects when the connection breaks. */
function send(
  { url }: RunningProduct,
  person: Person,
  { uploadId, offset, pace }: { uploadId: string; offset: number; pace: number },
) {
  return new Promise<Uploaded>((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${person.token}`,
      'content-type': 'application/octet-stream',
      'content-length': FILE.length - offset,
      'upload-id': uploadId,
      'upload-offset': offset,
    }
    const outgoing = request(`${url}/uploads/apple-health`, { method: 'POST', headers }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (part: string) => (body += part))
      response.on('end', () =>
        response.statusCode === 202 ? resolve(JSON.parse(body) as Uploaded) : reject(new Error(body)),
      )
    })
    outgoing.on('error', reject)
    const write = (from: number) => {
      if (outgoing.destroyed) return
      if (from >= FILE.length) return void outgoing.end()
      outgoing.write(FILE.subarray(from, from + PIECE), () => setTimeout(() => write(from + PIECE), pace))
    }
    write(offset)
  })
}

async function receivedOf({ url }: RunningProduct, person: Person, uploadId: string): Promise<number> {
  const authorization = `Bearer ${person.token}`
  const response = await fetch(`${url}/uploads/apple-health/${uploadId}`, { headers: { authorization } })
  return ((await response.json()) as { receivedBytes?: number }).receivedBytes ?? 0
}

const TOTALS = `query { sync_runs(where: {kind: {_eq: "upload"}}) { status progress records_fetched error_code }
  ${['steps', 'heart_rate_bpm', 'active_energy_kcal'].map((kind) => `${kind}: samples_aggregate(where: {kind: {_eq: "${kind}"}}) { aggregate { count sum { value } } }`).join('\n')} }`

interface Told {
  readonly sync_runs: readonly {
    status: string
    progress: number
    records_fetched: number
    error_code: string | null
  }[]
}

const told = async (person: Person) =>
  (await person.ask(TOTALS)).data as Told & Record<string, { aggregate: { count: number; sum: { value: number } } }>

function expected(kind: string): { count: number; sum: number } {
  const of = [...totals].filter(([key]) => key.split('|')[1] === kind).map(([, total]) => total)
  return { count: of.reduce((sum, { count }) => sum + count, 0), sum: of.reduce((sum, total) => sum + total.sum, 0) }
}

describe('an export whose upload and import are both cut off by a kill', () => {
  test('is sent to its end by the same client, finishes by itself, and has the rows of one that nobody cut off', async () => {
    const uploadId = randomUUID()
    const first = await start()
    let ada = await signIn(first, ADA)
    await agreeTo(ada, 'apple-health')
    const broken = send(first, ada, { uploadId, offset: 0, pace: 20 }).then(
      () => 'arrived',
      () => 'broke',
    )
    await until('a few mebibytes', () => receivedOf(first, ada, uploadId), { good: (bytes) => bytes > 3_000_000 })
    await first.killServiceAndWorker()
    expect(await broken).toBe('broke')

    const second = await start()
    ada = await signIn(second, ADA)
    const offset = await receivedOf(second, ada, uploadId)
    expect(offset).toBeGreaterThan(3_000_000)
    expect(offset).toBeLessThan(FILE.length)
    expect(await send(second, ada, { uploadId, offset, pace: 0 })).toMatchObject({
      uploadId,
      receivedBytes: FILE.length,
    })
    const midway = await until('some of the import', () => told(ada), {
      good: ({ sync_runs: [run] }) => (run?.records_fetched ?? 0) > 8_000,
      everyMs: 20,
    })
    await second.killServiceAndWorker()
    expect(midway.sync_runs).toMatchObject([{ status: 'running' }])

    const third = await start()
    ada = await signIn(third, ADA)
    const end = await until('the end of the import', () => told(ada), {
      good: ({ sync_runs: [run] }) => run?.status !== 'running',
      withinMs: 240_000,
      everyMs: 500,
    })
    const records = [...totals.values()].reduce((sum, { count }) => sum + count, 0)
    expect(end.sync_runs).toEqual([{ status: 'complete', progress: 1, records_fetched: records, error_code: null }])
    for (const kind of ['steps', 'heart_rate_bpm', 'active_energy_kcal']) {
      const { count, sum } = expected(kind)
      expect(end[kind]!.aggregate.count).toBe(count)
      expect(Number(end[kind]!.aggregate.sum.value)).toBeCloseTo(sum, 3)
    }
  }, 480_000)
})
