import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { buffer as readBuffer, text as readText } from 'node:stream/consumers'
import { loadNormalizers, type PayloadReaders } from '../config.ts'
import { readPayload } from '../normalization/read-payload.ts'
import type { UploadedFile } from '../platforms/contract.ts'
import type { Records } from '../platforms/records.ts'
import { AppError } from '../runtime/errors.ts'
import { explainRefusal } from './explain-refusal.ts'
import { openLocalFile } from './local-file.ts'

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
  samples: 'sample',
  sampleSpans: 'sample_span',
  deletedSamples: 'deleted_sample',
  sleepSessions: 'sleep_session',
  deletedSleepSessions: 'deleted_sleep_session',
  dailyMetrics: 'daily_metric',
  rejected: 'rejected',
} as const satisfies Record<keyof Records, string>

/**
 * What a payload becomes, as NDJSON: one line a record, `record` says which kind. Needs no database. Throws Error in one line when the
 * platform, the kind of payload or the file is unknown.
 */
export async function normalizeFile({ platform, dataType, file, metadata }: NormalizeInput): Promise<string> {
  const platforms = await loadNormalizers()
  const readers = platforms.get(platform)
  if (readers === undefined) throw new Error(`no platform "${platform}"; there are ${[...platforms.keys()].join(', ')}`)
  const { normalize, upload } = readers
  if (dataType === WHOLE_FILE && upload !== undefined) return normalizeUpload({ normalize, upload }, file)
  const normalizer = Object.hasOwn(normalize, dataType) ? normalize[dataType] : undefined
  if (normalizer === undefined) throw new Error(`${platform} has no payloads "${dataType}"; it has ${namesOf(readers)}`)
  const payload = { text: await readFileText(file), metadata: readMetadata(metadata) }
  return toLines(readPayload(normalizer, payload, new Date()))
}

/** Not a payload but the file that a person uploads, of which an import makes many. */
const WHOLE_FILE = 'export'

function namesOf({ normalize, upload }: PayloadReaders): string {
  return [...(upload === undefined ? [] : [WHOLE_FILE]), ...Object.keys(normalize)].join(', ')
}

/** Written as it is read: an export is larger than a text can be. */
async function normalizeUpload({ normalize, upload }: Required<PayloadReaders>, path: string): Promise<string> {
  const file = path === '-' ? asFile(await readBuffer(process.stdin)) : await openLocalFile(path)
  try {
    for await (const { dataType, payload } of upload.readFile(file)) {
      const lines = toLines(
        readPayload(normalize[dataType], { text: JSON.stringify(payload), metadata: {} }, new Date()),
      )
      if (!process.stdout.write(lines)) await once(process.stdout, 'drain')
    }
    return ''
  } catch (error) {
    throw error instanceof AppError ? new Error(explainRefusal(error), { cause: error }) : error
  } finally {
    await file.close()
  }
}

function asFile(bytes: Buffer): UploadedFile & { close(): Promise<void> } {
  return {
    size: bytes.length,
    read: async (position, length) => bytes.subarray(position, position + length),
    close: async () => undefined,
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

async function readFileText(file: string): Promise<string> {
  try {
    return await readText(file === '-' ? process.stdin : createReadStream(file))
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
