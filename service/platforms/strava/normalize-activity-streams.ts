import { AppError } from '../../runtime/errors.ts'
import type { ActivityStreamRecord, Records, RejectedRecord } from '../records.ts'
import { ActivityStreams } from './schemas.ts'

interface StreamKind {
  readonly key: string
  readonly kind: string
  /** UCUM. */
  readonly unit: string
  readonly negative: boolean
}

/** Positions, and whether the person moved, are not made into rows; nothing here reads them. */
const KINDS: readonly StreamKind[] = [
  { key: 'heartrate', kind: 'heart_rate_bpm', unit: '/min', negative: false },
  { key: 'distance', kind: 'distance_m', unit: 'm', negative: false },
  { key: 'altitude', kind: 'altitude_m', unit: 'm', negative: true },
  { key: 'velocity_smooth', kind: 'speed_m_per_s', unit: 'm/s', negative: false },
  { key: 'cadence', kind: 'cadence_rpm', unit: '/min', negative: false },
  { key: 'watts', kind: 'power_w', unit: 'W', negative: false },
  { key: 'temp', kind: 'temperature_c', unit: 'Cel', negative: true },
  { key: 'grade_smooth', kind: 'grade_percent', unit: '%', negative: true },
]

const LARGEST_INTEGER = 2 ** 31 - 1

/**
 * Streams keyed by type; `metadata.source_id` is the activity's id, which the payload lacks. A rejected stream's position is 1 for
 * the first of the kinds above and so on, 0 stands for `time`, without which nothing can be placed. Throws
 * platform/unexpected_payload when there are no streams to see in the payload, or no id.
 */
export function normalizeActivityStreams(payload: unknown, metadata: Readonly<Record<string, unknown>>): Records {
  const sourceId = metadata['source_id']
  if (typeof sourceId !== 'string') throw unexpected('no source_id')
  const { data: streams } = ActivityStreams.safeParse(payload)
  if (streams === undefined) throw unexpected('not_streams_by_type')
  const present = KINDS.flatMap((kind, index) => {
    const values = streams[kind.key]?.data
    return values === undefined ? [] : [{ kind, values, position: index + 1 }]
  })
  const offsetsS = readOffsets(streams['time']?.data)
  if (offsetsS === undefined && present.length > 0)
    return toRecords([], [{ position: 0, reason: 'time: missing or unreadable' }])
  const activityStreams: ActivityStreamRecord[] = []
  const rejected: RejectedRecord[] = []
  for (const { kind, values, position } of present) {
    const problem = findProblem(values, { length: offsetsS?.length ?? 0, negative: kind.negative })
    if (problem !== undefined) rejected.push({ position, reason: `${kind.key}: ${problem}` })
    else
      activityStreams.push({
        sourceId,
        kind: kind.kind,
        unit: kind.unit,
        offsetsS: offsetsS ?? [],
        values: values as (number | null)[],
      })
  }
  return toRecords(activityStreams, rejected)
}

function readOffsets(times: readonly unknown[] | undefined): readonly number[] | undefined {
  const readable = times?.every((time) => typeof time === 'number' && time >= 0 && time <= LARGEST_INTEGER)
  return readable === true ? (times as readonly number[]).map(Math.round) : undefined
}

/** A gap is null, and allowed; the first thing that isn't is named. */
function findProblem(
  values: readonly unknown[],
  { length, negative }: { length: number; negative: boolean },
): string | undefined {
  if (values.length !== length) return 'not as long as time'
  for (const value of values) {
    if (value === null) continue
    if (typeof value !== 'number' || !Number.isFinite(value)) return 'not a number'
    if (value < 0 && !negative) return 'negative'
  }
  return undefined
}

function toRecords(activityStreams: readonly ActivityStreamRecord[], rejected: readonly RejectedRecord[]): Records {
  return { activities: [], deletedActivities: [], activityStreams, rejected }
}

function unexpected(problem: string): AppError {
  return new AppError('platform/unexpected_payload', { data_type: 'activity_streams', problem })
}
