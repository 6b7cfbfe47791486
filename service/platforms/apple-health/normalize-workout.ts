import { AppError } from '../../runtime/errors.ts'
import type { ActivityLapRecord, ActivityStreamRecord, Records, RejectedRecord } from '../records.ts'
import { findWorkoutProblem, toActivity, type Workout } from './activity.ts'
import { EMPTY_LAP } from './laps.ts'
import { inZone, type Moment, parseMoment } from './moments.ts'
import type { RoutePoint } from './route-points.ts'
import { toRouteStreams } from './route-streams.ts'
import { ExportWorkout } from './schemas.ts'
import { type Dimension, readQuantity } from './units.ts'
import { noteLeftOut, openWorkoutNumbers, type WorkoutNumbers } from './workout-numbers.ts'

/** Where none is written. */
const DEFAULT_UNITS: Partial<Record<Dimension, string>> = { time: 'min' }

/** A workout of an export with its events, statistics and routes. */
export function normalizeExportWorkout(payload: unknown): Records {
  const { data, error } = ExportWorkout.safeParse(payload)
  if (data === undefined) {
    const field = error.issues[0]?.path.slice(0, 2).join('.') ?? 'workout'
    throw new AppError('platform/unexpected_payload', { problem: `${field}: not as Apple writes it` })
  }
  const { workout } = data
  const timeZone = textOf(workout.metadata['HKTimeZone'])
  const start = momentOf(workout.startDate, timeZone)
  const end = momentOf(workout.endDate, timeZone)
  const problem = findWorkoutProblem(start, end)
  if (problem !== undefined || start === undefined || end === undefined)
    return { rejected: [{ position: 0, reason: `workout: ${problem ?? 'no times'}` }] }
  const sourceId = identify(workout, start, end)
  const { streams, rejected } = readRoutes(workout, { sourceId, start: start.at })
  const numbers = openWorkoutNumbers()
  const activities = [toActivity({ ...readTotals(workout, numbers), sourceId, start, end, timeZone })]
  const activityLaps = readLaps(workout, { sourceId, numbers })
  const position = Math.max(-1, ...rejected.map((each) => each.position)) + 1
  return {
    activities,
    activityStreams: streams,
    activityLaps,
    rejected: [...rejected, ...noteLeftOut(position, numbers.leftOut())],
  }
}

/** Exports give workouts no id; type, source and times are the same in every later export. */
function identify({ workoutActivityType, sourceName }: ExportWorkout, start: Moment, end: Moment): string {
  return ['export', workoutActivityType, start.at.toISOString(), end.at.toISOString(), sourceName].join('|')
}

function readTotals(workout: ExportWorkout, numbers: WorkoutNumbers): Omit<Workout, 'sourceId' | 'start' | 'end'> {
  const { metadata } = workout
  const attribute = (name: string, dimension: Dimension) =>
    numbers.amount(name, { value: workout[name], unit: workout[`${name}Unit`] ?? DEFAULT_UNITS[dimension], dimension })
  const total = (pattern: RegExp, field: string, dimension: Dimension) => {
    const values = workout.statistics
      .filter(({ type }) => pattern.test(String(type)))
      .flatMap(
        (statistic) =>
          numbers.amount(`statistics ${field}`, { value: statistic[field], unit: statistic['unit'], dimension }) ?? [],
      )
    if (field !== 'sum' || values.length === 0) return values[0]
    return values.reduce((sum, value) => sum + value, 0)
  }
  const measured = (name: string, dimension: Dimension) => {
    if (metadata[name] == null) return undefined
    const quantity = readQuantity(textOf(metadata[name]) ?? undefined)
    return quantity === undefined
      ? numbers.leaveOut(name, 'not a number with a unit')
      : numbers.amount(name, { ...quantity, dimension })
  }
  return {
    sourceSport: workout.workoutActivityType,
    durationS: attribute('duration', 'time'),
    // Statistics since iOS 15, attributes before; some apps write neither.
    distanceM: total(/^HKQuantityTypeIdentifierDistance/, 'sum', 'length') ?? attribute('totalDistance', 'length'),
    energyKcal: total(/ActiveEnergyBurned$/, 'sum', 'energy') ?? attribute('totalEnergyBurned', 'energy'),
    heartRateMeanBpm: total(/IdentifierHeartRate$/, 'average', 'rate'),
    heartRateMaxBpm: total(/IdentifierHeartRate$/, 'maximum', 'rate'),
    powerMeanW: total(/(Running|Cycling)Power$/, 'average', 'power'),
    cadenceMeanRpm: total(/CyclingCadence$/, 'average', 'rate'),
    elevationGainM: measured('HKElevationAscended', 'length'),
    meanSpeedMPerS: measured('HKAverageSpeed', 'speed'),
    maxSpeedMPerS: measured('HKMaximumSpeed', 'speed'),
    indoor: metadata['HKIndoorWorkout'] === '1',
    manual: metadata['HKWasUserEntered'] === '1',
    hasRoute: workout.routes.length > 0,
    deviceName: workout.sourceName === '' ? null : workout.sourceName,
  }
}

function readLaps(
  workout: ExportWorkout,
  { sourceId, numbers }: { sourceId: string; numbers: WorkoutNumbers },
): ActivityLapRecord[] {
  return workout.events
    .filter(({ type }) => type === 'HKWorkoutEventTypeLap')
    .flatMap((event, index) => {
      const startedAt = parseMoment(event['date'])?.at
      if (startedAt === undefined) {
        numbers.leaveOut('lap', 'date: not a time')
        return []
      }
      const { duration: value, durationUnit: unit = DEFAULT_UNITS.time } = event
      return [
        {
          ...EMPTY_LAP,
          sourceId,
          lapNumber: index + 1,
          startedAt,
          elapsedTimeS: numbers.amount('lap duration', { value, unit, dimension: 'time' }) ?? null,
        },
      ]
    })
}

function readRoutes(
  { routes }: ExportWorkout,
  workout: { sourceId: string; start: Date },
): { streams: ActivityStreamRecord[]; rejected: RejectedRecord[] } {
  const problems = routes.flatMap(({ problem }, position) =>
    problem === undefined ? [] : [{ position, reason: `route: ${problem}` }],
  )
  const points = routes.flatMap((route) => (route.points ?? []) as RoutePoint[])
  const { streams, unreadable, elsewhere } = toRouteStreams(points, workout)
  const unplaced = [
    [unreadable, 'points not readable'],
    [elsewhere, "points not of the workout's time"],
  ] as const
  const reasons = unplaced.filter(([count]) => count > 0).map(([count, what]) => `route: ${count} ${what}`)
  const rejected = [...problems, ...reasons.map((reason, index) => ({ position: routes.length + index, reason }))]
  return { streams, rejected }
}

function momentOf(text: unknown, timeZone: string | null): Moment | undefined {
  const moment = parseMoment(text, timeZone)
  return moment === undefined ? undefined : inZone(moment, timeZone)
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}
