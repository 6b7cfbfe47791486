import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { answerConsent } from '../support/connect-strava.ts'
import { signIn } from '../support/graphql-client.ts'
import { Complete } from '../support/operations.ts'
import { ADA } from '../support/people.ts'
import { memoryOf } from '../support/process-memory.ts'
import { type RunningProduct, readSettings, startProduct } from '../support/running.ts'
import { alarmAbove, type Outcome, printProgress } from './figures.ts'
import { createLargeDelivery, type Delivered } from './large-delivery.ts'

export const MOST_MEMORY_MB = 200

export interface DeliverySize {
  readonly megabytes: number
  readonly longestHours: number
}

export interface MeasuredDelivery {
  readonly sent: Delivered
  readonly stored: { activities: number; points: number; days: number; samples: number }
  readonly receivedMs: number
  readonly normalizedMs: number
  /** The most that each process ever held, MB of 10^6 bytes; NaN where the system does not tell. */
  readonly peak: { before: { service: number; worker: number }; after: { service: number; worker: number } }
}

/** One body of Garmin's from the socket to rows, in everything that `npm start` runs. */
export async function benchGarminDelivery(size: DeliverySize): Promise<Outcome> {
  printProgress(`a delivery of Garmin, ${size.megabytes} MB`)
  const { sent, receivedMs, normalizedMs, peak } = await measureDelivery(size)
  const megabytes = (sent.bytes / 1e6).toFixed(0)
  return {
    rows: [
      {
        what: `Garmin delivery of ${megabytes} MB`,
        note: `${sent.activities} recordings, ${sent.points} points, ${sent.samples} heart rates; received in ${(receivedMs / 1000).toFixed(1)} s, rows after ${(normalizedMs / 1000).toFixed(1)} s`,
      },
      {
        what: '  memory of the service, of the worker',
        note: `${Math.round(peak.after.service)} MB, ${Math.round(peak.after.worker)} MB at most (bar: ${MOST_MEMORY_MB}; idle ${Math.round(peak.before.service)}, ${Math.round(peak.before.worker)})`,
      },
    ],
    targets: (['service', 'worker'] as const).map((name) => ({
      what: `Memory of the ${name}, a Garmin delivery of ${megabytes} MB`,
      unit: 'MB',
      better: 'lower',
      bar: MOST_MEMORY_MB,
      values: [peak.after[name]],
    })),
    alarms: [
      ...alarmAbove('memory of the service with a large delivery (MB)', peak.after.service, MOST_MEMORY_MB),
      ...alarmAbove('memory of the worker with a large delivery (MB)', peak.after.worker, MOST_MEMORY_MB),
    ],
  }
}

export async function measureDelivery({ megabytes, longestHours }: DeliverySize): Promise<MeasuredDelivery> {
  const product = await startProduct()
  const settings = readSettings(product.dataDirectory)
  const client = new pg.Client({ connectionString: settings['DATABASE_URL'] })
  try {
    await client.connect()
    await connectGarmin(product)
    const [{ id: userId }] = (
      await client.query("select platform_user_id as id from connections where platform = 'garmin'")
    ).rows as [{ id: string }]
    const before = peaks(product)
    const firstS = Math.floor(Date.UTC(2026, 0, 1) / 1000)
    const { pieces, told } = createLargeDelivery({ userId, megabytes, longestHours, firstS })
    const started = performance.now()
    await post(`${product.url}/webhooks/garmin/${settings['GARMIN_WEBHOOK_SECRET']}`, pieces)
    const receivedMs = performance.now() - started
    await processed(client)
    const normalizedMs = performance.now() - started
    return {
      sent: told,
      stored: await countStored(client),
      receivedMs,
      normalizedMs,
      peak: { before, after: peaks(product) },
    }
  } finally {
    await client.end()
    await product.stop()
  }
}

async function connectGarmin(product: RunningProduct): Promise<void> {
  const person = await signIn(product, ADA)
  // Without history, so that nothing comes but what is sent here.
  const handle = (await answerConsent(person, 'read_only', { platform: 'garmin' })).get('handle')
  await person.get(Complete, { handle })
}

export async function post(url: string, pieces: Iterable<Buffer>): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'garmin-client-id': 'garmin-simulator' },
    body: Readable.toWeb(Readable.from(pieces)) as ReadableStream,
    duplex: 'half',
  } as RequestInit)
  if (response.status !== 200) throw new Error(`the delivery was answered ${response.status}`)
}

/** Until the delivery is taken apart and all of it is rows. */
async function processed(client: pg.Client): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ waiting: boolean }>(
      `select exists (select from ops.webhook_deliveries where state = 'received')
        or exists (select from raw_fitness_data where processed_at is null)
        or not exists (select from raw_fitness_data) as waiting`,
    )
    if (rows[0]?.waiting === false) return
    await sleep(200)
  }
}

export async function countStored(client: pg.Client): Promise<MeasuredDelivery['stored']> {
  const { rows } = await client.query<MeasuredDelivery['stored']>(
    `select (select count(*)::int from activities) as activities,
      (select sum(cardinality("values"))::int from activity_streams) as points,
      (select count(*)::int from daily_metrics where kind = 'steps') as days,
      (select count(*)::int from samples where kind = 'heart_rate_bpm') as samples`,
  )
  if (rows[0] === undefined) throw new Error('nothing was counted')
  return rows[0]
}

export function peaks(product: RunningProduct): { service: number; worker: number } {
  const peakOf = (script: string) => (memoryOf(product.pidOf(script))?.peakBytes ?? Number.NaN) / 1e6
  return { service: peakOf('service/main.ts'), worker: peakOf('service/worker.ts') }
}
