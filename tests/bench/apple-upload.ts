import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { simulateExport, type Totals } from '../../service/platforms/apple-health/simulator/export.ts'
import { agreeTo } from '../support/connect-strava.ts'
import { type Person, signIn } from '../support/graphql-client.ts'
import { type RunningProduct, readSettings, startProduct } from '../support/running.ts'
import type { ImportSize } from './apple-import.ts'
import { alarmAbove, type Outcome, printProgress } from './figures.ts'
import { MOST_MEMORY_MB, peaks } from './garmin-delivery.ts'

export interface UploadSize extends ImportSize {
  /** Who upload at the same time. */
  readonly people: number
}

/** Exports from the socket of the service to the rows of the worker, in everything that `npm start` runs. */
export async function benchAppleUpload(size: UploadSize): Promise<Outcome> {
  printProgress(`${size.people} uploads of an export of ${size.days} days`)
  const { bytes, records, uploadedMs, importedMs, peak } = await measureUploads(size)
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
  const whole = bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`
  const what = size.people === 1 ? `an Apple export of ${whole}` : `${size.people} Apple exports at once, ${whole}`
  return {
    rows: [
      {
        what: `Upload of ${what}`,
        note: `${records} records, all of them rows; received in ${seconds(uploadedMs)}, imported after ${seconds(importedMs)}`,
      },
      {
        what: '  memory of the service, of the worker',
        note: `${Math.round(peak.service)} MB, ${Math.round(peak.worker)} MB at most (bar: ${MOST_MEMORY_MB})`,
      },
    ],
    targets: (['service', 'worker'] as const).map((name) => ({
      what: `Memory of the ${name}, upload of ${what}`,
      unit: 'MB',
      better: 'lower',
      bar: MOST_MEMORY_MB,
      values: [peak[name]],
    })),
    alarms: (['service', 'worker'] as const).flatMap((name) =>
      alarmAbove(`memory of the ${name}, upload of ${what} (MB)`, peak[name], MOST_MEMORY_MB),
    ),
  }
}

interface Measured {
  readonly bytes: number
  readonly records: number
  readonly uploadedMs: number
  readonly importedMs: number
  readonly peak: { readonly service: number; readonly worker: number }
}

/** Throws when the rows are not as many as the exports have records. */
async function measureUploads({ people, ...size }: UploadSize): Promise<Measured> {
  const product = await startProduct()
  const client = new pg.Client({ connectionString: readSettings(product.dataDirectory)['DATABASE_URL'] })
  try {
    await client.connect()
    const signedIn = await signInAll(product, people)
    const started = performance.now()
    const sent = await Promise.all(
      signedIn.map((person, index) => upload(product, person, { ...size, seed: index + 1 })),
    )
    const uploadedMs = performance.now() - started
    await imported(client, people)
    const importedMs = performance.now() - started
    const records = sent.reduce((sum, { totals }) => sum + countOf(totals), 0)
    const { rows } = await client.query<{ stored: number }>('select count(*)::integer as stored from samples')
    if (rows[0]?.stored !== records) throw new Error(`${rows[0]?.stored} rows of ${records} records`)
    const bytes = sent.reduce((sum, each) => sum + each.bytes, 0)
    return { bytes, records, uploadedMs, importedMs, peak: peaks(product) }
  } finally {
    await client.end()
    await product.stop()
  }
}

async function signInAll(product: RunningProduct, people: number): Promise<readonly Person[]> {
  const all: Person[] = []
  for (let number = 1; number <= people; number += 1) {
    const person = await signIn(product, `77777777-7777-4777-8777-${String(number).padStart(12, '0')}`)
    await agreeTo(person, 'apple-health')
    all.push(person)
  }
  return all
}

async function upload(
  { url }: RunningProduct,
  { token }: Person,
  { days, heartRatesPerDay, seed }: ImportSize & { readonly seed: number },
): Promise<{ bytes: number; totals: Totals }> {
  const { text, totals } = simulateExport({
    seed,
    firstDay: '2015-01-01',
    days,
    heartRatesPerDay,
    watchChange: days / 2,
  })
  let bytes = 0
  const pieces = (function* () {
    for (const piece of text) {
      const encoded = Buffer.from(piece)
      bytes += encoded.length
      yield encoded
    }
  })()
  const response = await fetch(`${url}/uploads/apple-health`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/xml' },
    body: Readable.toWeb(Readable.from(pieces)) as ReadableStream,
    duplex: 'half',
  } as RequestInit)
  if (response.status !== 202) throw new Error(`the upload was answered ${response.status}: ${await response.text()}`)
  return { bytes, totals }
}

const countOf = (totals: Totals) => [...totals.values()].reduce((sum, { count }) => sum + count, 0)

async function imported(client: pg.Client, people: number): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ status: string }>("select status from sync_runs where kind = 'upload'")
    if (rows.some(({ status }) => status === 'failed')) throw new Error('an import failed')
    if (rows.filter(({ status }) => status === 'complete').length === people) return
    await sleep(200)
  }
}
