import type { ActivityRecord } from '../records.ts'
import { localDayOf, type Moment } from './moments.ts'
import { canonicalSport } from './sports.ts'

/** What the forms of a workout have in common; absent is unknown, never zero. */
export interface Workout {
  readonly sourceId: string
  readonly sourceSport: string
  readonly name?: string | null
  readonly start: Moment
  readonly end: Moment
  readonly timeZone?: string | null
  /** Without pauses. */
  readonly durationS?: number | undefined
  readonly distanceM?: number | undefined
  readonly energyKcal?: number | undefined
  readonly elevationGainM?: number | undefined
  readonly meanSpeedMPerS?: number | undefined
  readonly maxSpeedMPerS?: number | undefined
  readonly heartRateMeanBpm?: number | undefined
  readonly heartRateMaxBpm?: number | undefined
  readonly powerMeanW?: number | undefined
  readonly cadenceMeanRpm?: number | undefined
  readonly manual?: boolean
  readonly indoor?: boolean
  readonly hasRoute?: boolean
  readonly deviceName?: string | null
}

/** What cannot be true (a distance below zero) is found, and noted, where all platforms' records are checked. */
export function toActivity(workout: Workout): ActivityRecord {
  const { sourceId, sourceSport, start, end, durationS } = workout
  const elapsed = Math.round((end.at.getTime() - start.at.getTime()) / 1000)
  const indoor = workout.indoor === true
  return {
    sourceId,
    sport: canonicalSport(sourceSport, indoor),
    sourceSport,
    name: workout.name ?? null,
    ...(start.offsetSeconds === null ? {} : { localDay: localDayOf(start) }),
    startedAt: start.at,
    endedAt: end.at,
    startOffsetSeconds: start.offsetSeconds,
    timeZone: workout.timeZone ?? null,
    startTimeHidden: false,
    distanceM: workout.distanceM ?? null,
    movingTimeS: durationS === undefined ? null : Math.round(durationS),
    elapsedTimeS: elapsed,
    elevationGainM: workout.elevationGainM ?? null,
    meanSpeedMPerS: workout.meanSpeedMPerS ?? null,
    maxSpeedMPerS: workout.maxSpeedMPerS ?? null,
    // Zero is how a watch that saw no pulse says so.
    heartRateMeanBpm: workout.heartRateMeanBpm || null,
    heartRateMaxBpm: workout.heartRateMaxBpm || null,
    cadenceMeanRpm: workout.cadenceMeanRpm ?? null,
    powerMeanW: workout.powerMeanW ?? null,
    energyKcal: workout.energyKcal ?? null,
    manual: workout.manual === true,
    indoor,
    hasRoute: workout.hasRoute === true,
    private: false,
    deviceName: workout.deviceName ?? null,
    sourceUrl: null,
    detailed: true,
  }
}

/** Why these times are none of a workout; undefined when they are. `name` is of the first time's field. */
export function findWorkoutProblem(start: Moment | undefined, end: Moment | undefined): string | undefined {
  if (start === undefined) return 'start: not a time with an offset from UTC'
  if (end === undefined) return 'end: not a time with an offset from UTC'
  return end.at < start.at ? 'end: before the start' : undefined
}
