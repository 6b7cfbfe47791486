import { createReadStream } from 'node:fs'
import { text as readText } from 'node:stream/consumers'
import { loadNormalizers } from '../config.ts'
import { readPayload } from '../normalization/read-payload.ts'
import type { Records } from '../platforms/records.ts'

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
  const normalizers = platforms.get(platform)
  if (normalizers === undefined)
    throw new Error(`no platform "${platform}"; there are ${[...platforms.keys()].join(', ')}`)
  const normalize = normalizers[dataType]
  if (normalize === undefined)
    throw new Error(`${platform} has no payloads "${dataType}"; it has ${Object.keys(normalizers).join(', ')}`)
  const payload = { text: await readFileText(file), metadata: readMetadata(metadata) }
  return toLines(readPayload(normalize, payload, new Date()))
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
