import { z } from 'zod'
import { AppError } from '../../runtime/errors.ts'
import type { ActivityLapRecord, Records, RejectedRecord } from '../records.ts'
import { readFields } from './read-fields.ts'
import { SourceId, StravaLap } from './schemas.ts'

const OfActivity = z.object({ activity: z.object({ id: SourceId }) })

interface Laps {
  readonly activityLaps: readonly ActivityLapRecord[]
  readonly rejected: readonly RejectedRecord[]
}

/**
 * The list of `GET /activities/{id}/laps`; `metadata.source_id` is the activity's id, else each lap names it. Throws
 * platform/unexpected_payload when it is not a list.
 */
export function normalizeActivityLaps(payload: unknown, metadata: Readonly<Record<string, unknown>>): Records {
  if (!Array.isArray(payload))
    throw new AppError('platform/unexpected_payload', { data_type: 'activity_laps', problem: 'not_a_list' })
  const known = metadata['source_id']
  const sourceId = typeof known === 'string' ? known : OfActivity.safeParse(payload[0]).data?.activity.id
  if (sourceId === undefined) {
    if (payload.length === 0) return { activityLaps: [], rejected: [] }
    throw new AppError('platform/unexpected_payload', { data_type: 'activity_laps', problem: 'no source_id' })
  }
  return readLaps(payload, sourceId, 0)
}

/** `firstPosition`: where the list stands among the payload's records. A lap without a number has its place in the list. */
export function readLaps(laps: readonly unknown[], sourceId: string, firstPosition: number): Laps {
  const byNumber = new Map<number, ActivityLapRecord>()
  const rejected: RejectedRecord[] = []
  for (const [index, item] of laps.entries()) {
    const position = firstPosition + index
    const read = readFields(StravaLap, item, { needed: ['lap_index'], whole: 'lap' })
    const problems = typeof read === 'string' ? [read] : read.problems
    const kept = typeof read !== 'string'
    if (problems.length > 0)
      rejected.push({ position, reason: `lap: ${problems.join('; ')}`, ...(kept && { items: 0 }) })
    if (typeof read === 'string') continue
    const lapNumber = read.data.lap_index ?? index + 1
    if (byNumber.has(lapNumber)) rejected.push({ position, reason: 'lap: lap_index: twice' })
    else byNumber.set(lapNumber, toRecord(read.data, { sourceId, lapNumber }))
  }
  return { activityLaps: [...byNumber.values()], rejected }
}

function toRecord(lap: StravaLap, { sourceId, lapNumber }: { sourceId: string; lapNumber: number }): ActivityLapRecord {
  return {
    sourceId,
    lapNumber,
    startedAt: lap.start_date == null ? null : new Date(lap.start_date),
    elapsedTimeS: lap.elapsed_time ?? null,
    movingTimeS: lap.moving_time ?? null,
    distanceM: lap.distance ?? null,
    elevationGainM: lap.total_elevation_gain ?? null,
    meanSpeedMPerS: lap.average_speed ?? null,
    maxSpeedMPerS: lap.max_speed ?? null,
    heartRateMeanBpm: lap.average_heartrate ?? null,
    heartRateMaxBpm: lap.max_heartrate ?? null,
    cadenceMeanRpm: lap.average_cadence ?? null,
    powerMeanW: lap.average_watts ?? null,
  }
}
