import type { ActivityRecord } from '../platforms/records.ts'
import { findTimeProblem, isDayWrong, LARGEST_VALUE } from './check-time.ts'

/** An expedition; whoever forgot to stop their watch stopped it by then. */
const LONGEST_MS = 31 * 24 * 60 * 60_000
const SECONDS = ['movingTimeS', 'elapsedTimeS'] as const
const MEASURES = [
  'distanceM',
  'elevationGainM',
  'meanSpeedMPerS',
  'maxSpeedMPerS',
  'heartRateMeanBpm',
  'heartRateMaxBpm',
  'cadenceMeanRpm',
  'powerMeanW',
  'energyKcal',
] as const

/** Why this is no workout; undefined when it is one. */
export function findActivityProblem(activity: ActivityRecord, latestMs: number): string | undefined {
  const { startedAt, endedAt, localDay } = activity
  if (isDayWrong(localDay, latestMs)) return 'activity: not a day'
  if (startedAt === null) return localDay === undefined ? 'activity: neither a time nor a day' : undefined
  const times = { startedAt, endedAt: endedAt ?? startedAt }
  return findTimeProblem(times, {
    latestMs,
    longestMs: LONGEST_MS,
    offset: activity.startOffsetSeconds,
    name: 'activity',
  })
}

/** The same without the numbers that cannot be true, and their names. */
export function withoutWrongMeasures(activity: ActivityRecord): { activity: ActivityRecord; wrong: readonly string[] } {
  const isWrong = (name: (typeof SECONDS | typeof MEASURES)[number], most: number) => {
    const value = activity[name]
    return value !== null && !(value >= 0 && value <= most)
  }
  const wrong = [
    ...SECONDS.filter((name) => isWrong(name, LONGEST_MS / 1000)),
    ...MEASURES.filter((name) => isWrong(name, LARGEST_VALUE)),
  ]
  if (wrong.length === 0) return { activity, wrong }
  return { activity: { ...activity, ...Object.fromEntries(wrong.map((name) => [name, null])) }, wrong }
}
