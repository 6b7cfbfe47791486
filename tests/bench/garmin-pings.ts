import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { answerConsent } from '../support/connect-strava.ts'
import { Complete } from '../support/operations.ts'
import { type RunningProduct, readSettings, startProduct } from '../support/running.ts'
import { alarmAbove, type Outcome, printProgress } from './figures.ts'
import { countStored, type MeasuredDelivery, MOST_MEMORY_MB, peaks, post } from './garmin-delivery.ts'
import { createLargeList, type ListOf } from './large-delivery.ts'
import { signInHere } from './training-people.ts'

export interface PingsSize {
  readonly pings: number
  readonly megabytes: number
}

const KINDS: readonly ListOf[] = ['hours', 'one']
const PATH = '/answers/'
const FIRST_S = Math.floor(Date.UTC(2026, 0, 1) / 1000)

/** Pings of as many people at once, each of which announces a large answer: from the ping to rows, in everything that `npm start` runs. */
export async function benchGarminPings(size: PingsSize): Promise<Outcome> {
  printProgress(`${size.pings} pings of Garmin, ${size.megabytes} MB each`)
  const { stored, seconds, peak } = await measurePings(size)
  const what = `${size.pings} pings of ${size.megabytes} MB at once`
  const { service, worker } = peak.after
  return {
    rows: [
      {
        what,
        note: `${stored.activities} recordings, ${stored.points} points; rows after ${seconds.toFixed(1)} s`,
      },
      {
        what: '  memory of the service, of the worker',
        note: `${Math.round(service)} MB, ${Math.round(worker)} MB at most (bar: ${MOST_MEMORY_MB}; before ${Math.round(peak.before.service)}, ${Math.round(peak.before.worker)})`,
      },
    ],
    targets: [
      { what: `Memory of the worker, ${what}`, unit: 'MB', better: 'lower', bar: MOST_MEMORY_MB, values: [worker] },
    ],
    alarms: alarmAbove(`memory of the worker, ${what} (MB)`, worker, MOST_MEMORY_MB),
  }
}

interface Measured extends Pick<MeasuredDelivery, 'stored' | 'peak'> {
  readonly seconds: number
}

/** Throws when what was stored is not what was sent. */
async function measurePings(size: PingsSize): Promise<Measured> {
  const platform = await startAnswers()
  const product = await startProduct({ env: { GARMIN_CALLBACK_URLS: platform.url.slice(0, -1) } })
  const client = new pg.Client({ connectionString: readSettings(product.dataDirectory)['DATABASE_URL'] })
  try {
    await client.connect()
    const accounts = await connectPeople(product, client, size.pings)
    const lists = accounts.map((userId, index) =>
      createLargeList({ userId, megabytes: size.megabytes, firstS: FIRST_S, of: KINDS[index % KINDS.length] ?? 'one' }),
    )
    for (const { pieces } of lists) platform.answers.push(pieces)
    const before = peaks(product)
    const started = performance.now()
    await Promise.all(
      lists.map(({ name }, index) =>
        ping(product, name, { userId: accounts[index], callbackURL: `${platform.url}${index}` }),
      ),
    )
    await allStored(client, size.pings)
    const seconds = (performance.now() - started) / 1000
    const stored = await countStored(client)
    const points = lists.reduce((sum, { told }) => sum + told.points, 0)
    if (stored.points !== points) throw new Error(`${stored.points} of ${points} points were stored`)
    return { stored, seconds, peak: { before, after: peaks(product) } }
  } finally {
    await client.end()
    await product.stop()
    platform.stop()
  }
}

/** What waits at Garmin's: the answer of this number at the address of this number. */
async function startAnswers(): Promise<{ url: string; answers: Iterable<Buffer>[]; stop(): void }> {
  const answers: Iterable<Buffer>[] = []
  const server = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    Readable.from(answers[Number(request.url?.slice(PATH.length))] ?? []).pipe(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${PATH}`,
    answers,
    stop: () => server.close(),
  }
}

/** Answers their accounts at Garmin. */
async function connectPeople(product: RunningProduct, client: pg.Client, count: number): Promise<readonly string[]> {
  for (let number = 1; number <= count; number += 1) {
    const person = await signInHere(product, `99999999-9999-4999-8999-${String(number).padStart(12, '0')}`)
    // Without history, so that nothing comes but what is announced here.
    const answer = await answerConsent(person, 'read_only', { platform: 'garmin', athlete: number })
    await person.get(Complete, { handle: answer.get('handle') })
  }
  const { rows } = await client.query<{ id: string }>(
    "select platform_user_id as id from connections where platform = 'garmin'",
  )
  return rows.map(({ id }) => id)
}

async function ping({ url, dataDirectory }: RunningProduct, list: string, item: object): Promise<void> {
  const secret = readSettings(dataDirectory)['GARMIN_WEBHOOK_SECRET']
  await post(`${url}/webhooks/garmin/${secret}`, [Buffer.from(JSON.stringify({ [list]: [item] }))])
}

async function allStored(client: pg.Client, count: number): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ done: boolean; lost: boolean }>(
      `select exists (select from ops.webhook_deliveries where state = 'dropped') as lost,
        (select count(*) from ops.callbacks where state = 'stored') = $1
        and not exists (select from raw_fitness_data where processed_at is null) as done`,
      [count],
    )
    if (rows[0]?.done === true) return
    if (rows[0]?.lost === true) throw new Error('a ping was not taken')
    await sleep(200)
  }
}
