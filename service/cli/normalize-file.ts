import { createReadStream } from 'node:fs'
import { buffer as readBuffer } from 'node:stream/consumers'
import { loadNormalizers, type PayloadReaders } from '../config.ts'
import { readPayload } from '../normalization/read-payload.ts'
import type { Records } from '../platforms/records.ts'
import type { ReadWebhookItem } from '../platforms/webhook-contract.ts'
import { parseJson } from '../runtime/json.ts'
import { readJsonItems } from '../runtime/json-items.ts'
import { normalizeUpload, WHOLE_FILE } from './normalize-upload.ts'

export interface NormalizeInput {
  readonly platform: string
  readonly dataType: string
  readonly file: string
  /** JSON object: what is stored beside such a payload, for example the id of the activity a series belongs to. */
  readonly metadata: string
}

/** The names of the lists in `Records`, and of one record of each in the output. */
const RECORD_NAMES = {
  activities: 'activity',
  deletedActivities: 'deleted_activity',
  activityStreams: 'activity_stream',
  activityLaps: 'activity_lap',
  activityZones: 'activity_zone',
  samples: 'sample',
  sampleSpans: 'sample_span',
  deletedSamples: 'deleted_sample',
  sleepSessions: 'sleep_session',
  deletedSleepSessions: 'deleted_sleep_session',
  dailyMetrics: 'daily_metric',
  rejected: 'rejected',
} as const satisfies Record<keyof Records, string>

/** Not a kind of payload but a whole delivery, as the platform posts it. */
const WEBHOOK = 'webhook'

/**
 * What a payload becomes, as NDJSON: one line a record, `record` says which kind. A file (FIT, say) is read as what is stored of it; of a
 * whole delivery every item is read as its own kind says. Needs no database. Throws Error in one line when the platform, the kind of
 * payload or the file is unknown.
 */
export async function normalizeFile({ platform, dataType, file, metadata }: NormalizeInput): Promise<string> {
  const platforms = await loadNormalizers()
  const readers = platforms.get(platform)
  if (readers === undefined) throw new Error(`no platform "${platform}"; there are ${[...platforms.keys()].join(', ')}`)
  const facts = readMetadata(metadata)
  if (dataType === WHOLE_FILE && readers.upload !== undefined)
    return normalizeUpload({ normalize: readers.normalize, upload: readers.upload, path: file, toLines })
  if (dataType === WEBHOOK && readers.readWebhookItem !== undefined)
    return normalizeDelivery(readers, { bytes: await readBytes(file), readItem: readers.readWebhookItem })
  const normalize = Object.hasOwn(readers.normalize, dataType) ? readers.normalize[dataType] : undefined
  if (normalize === undefined) throw new Error(describeMissing(platform, dataType, readers))
  const bytes = await readBytes(file)
  const wrap = isJson(bytes) ? undefined : readers.files?.[dataType]
  const text = wrap === undefined ? bytes.toString('utf8') : JSON.stringify(wrap(bytes, facts))
  return toLines(readPayload(normalize, { text, metadata: facts }, new Date()))
}

function describeMissing(
  platform: string,
  dataType: string,
  { normalize, readWebhookItem, upload }: PayloadReaders,
): string {
  const known = [
    ...(upload === undefined ? [] : [WHOLE_FILE]),
    ...Object.keys(normalize),
    ...(readWebhookItem === undefined ? [] : [WEBHOOK]),
  ]
  return `${platform} has no payloads "${dataType}"; it has ${known.join(', ')}`
}

/** JSON begins with a bracket; no file that is wrapped does. */
function isJson(bytes: Buffer): boolean {
  return /^[\ufeff\s]*[[{]/.test(bytes.subarray(0, 64).toString('utf8'))
}

type Delivery = { readonly bytes: Buffer; readonly readItem: ReadWebhookItem }

async function normalizeDelivery({ normalize }: PayloadReaders, { bytes, readItem }: Delivery): Promise<string> {
  let [lines, position] = ['', 0]
  const reject = (reason: string) => toLine('rejected', { position, reason })
  try {
    for await (const item of readJsonItems(inOnePiece(bytes), { maxItemBytes: bytes.length })) {
      lines += 'bytes' in item ? readOne(item.list, item.bytes) : reject('item_too_large')
      position += 1
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    lines += reject('malformed_body')
  }
  return lines

  function readOne(list: string, itemBytes: Buffer): string {
    const text = itemBytes.toString('utf8')
    const item = readItem(list, parseOr(text))
    if (item.kind === 'none') return reject(`${list}: ${item.reason}`)
    if (item.kind === 'data') return toLines(readPayload(normalize[item.dataType], { text, metadata: {} }, new Date()))
    // An address to fetch, or news of the account: nothing to normalize. The address may hold a token and is not shown.
    const dataType = 'dataType' in item ? { dataType: item.dataType } : {}
    return toLine(item.kind, { position, ...dataType })
  }
}

async function* inOnePiece(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}

function parseOr(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}

function toLines(records: Records): string {
  return Object.entries(RECORD_NAMES)
    .flatMap(([list, record]) => (records[list as keyof Records] ?? []).map((item) => toLine(record, item)))
    .join('')
}

function toLine(record: string, item: object | string): string {
  return `${JSON.stringify(typeof item === 'string' ? { record, sourceId: item } : { record, ...item })}\n`
}

async function readBytes(file: string): Promise<Buffer> {
  try {
    return await readBuffer(file === '-' ? process.stdin : createReadStream(file))
  } catch {
    throw new Error(`cannot read "${file}"; give a file, or - for standard input`)
  }
}

function readMetadata(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // said below
  }
  throw new Error('--metadata must be a JSON object, for example \'{"source_id":"1"}\'')
}
