import type { ActivityLapRecord, ActivityStreamRecord } from '../records.ts'
import { type ItemReader, normalizer } from './item-reader.ts'
import { idOf, readActivity } from './normalize-activities.ts'
import { buildStreams, type Point, STREAMS } from './streams.ts'

/** The summary with what was recorded each second and the laps. */
export const normalizeActivityDetails = normalizer((reader) => {
  const sourceId = idOf(reader)
  const summary = reader.object('summary')
  const activity = readActivity(summary ?? reader, sourceId)
  if (summary !== undefined) reader.problems.push(...summary.problems)
  const startS = (activity.startedAt?.getTime() ?? 0) / 1000
  const points = reader.list('samples').flatMap((item) => readPoint(item, reader))
  const activityStreams: ActivityStreamRecord[] = buildStreams(sourceId, { startS, points })
  const endS = Math.max(
    activity.endedAt === null ? startS : activity.endedAt.getTime() / 1000,
    points.at(-1)?.atS ?? startS,
  )
  return { activities: [activity], activityStreams, activityLaps: readLaps(reader, { sourceId, endS }) }
})

function readPoint(item: unknown, parent: ItemReader): Point[] {
  if (typeof item !== 'object' || item === null) return noteSample(parent)
  const fields = item as Readonly<Record<string, unknown>>
  const atS = fields['startTimeInSeconds']
  if (typeof atS !== 'number' || !Number.isFinite(atS)) return noteSample(parent)
  const values = STREAMS.map(({ fields: names, factor = 1 }) => {
    const value = names.map((name) => fields[name]).find((candidate) => candidate != null)
    if (typeof value === 'number' && Math.abs(value) <= LARGEST) return value * factor
    if (value !== undefined) noteSample(parent)
    return null
  })
  return [{ atS, values }]
}

function noteSample(parent: ItemReader): Point[] {
  if (!parent.problems.includes(UNREADABLE)) parent.problems.push(UNREADABLE)
  return []
}

/** More than any of these ever comes to: a day's distance in metres has six digits. */
const LARGEST = 1e8
const UNREADABLE = 'samples: some unreadable'

/** A lap without a duration ends where the next begins. */
function readLaps(parent: ItemReader, { sourceId, endS }: { sourceId: string; endS: number }): ActivityLapRecord[] {
  const laps = parent.parts('laps', readLap)
  return laps.map(({ startS, elapsedS, measures }, index) => ({
    sourceId,
    lapNumber: index + 1,
    startedAt: new Date(startS * 1000),
    elapsedTimeS: elapsedS ?? Math.max(0, (laps[index + 1]?.startS ?? endS) - startS),
    ...measures,
  }))
}

function readLap(lap: ItemReader) {
  const measures = {
    movingTimeS: null,
    distanceM: lap.number(['distanceInMeters', 'totalDistanceInMeters']) ?? null,
    elevationGainM: null,
    meanSpeedMPerS: lap.number('averageSpeedInMetersPerSecond', { max: 200 }) ?? null,
    maxSpeedMPerS: null,
    heartRateMeanBpm: lap.number('averageHeartRate', { max: 400 }) || null,
    heartRateMaxBpm: lap.number('maxHeartRate', { max: 400 }) || null,
    cadenceMeanRpm: null,
    powerMeanW: null,
  }
  return { startS: lap.startS(), elapsedS: lap.number('durationInSeconds', { max: 31 * 86_400 }), measures }
}
