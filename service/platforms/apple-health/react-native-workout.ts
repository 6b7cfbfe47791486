import type { ActivityLapRecord } from '../records.ts'
import { findWorkoutProblem, toActivity } from './activity.ts'
import { EMPTY_LAP } from './laps.ts'
import { inZone, type Moment, parseMoment } from './moments.ts'
import { asObject } from './normalize-auto-export.ts'
import { convert } from './units.ts'
import { openWorkoutNumbers, type ReadWorkout, type WorkoutNumbers } from './workout-numbers.ts'

type Json = Readonly<Record<string, unknown>>

/** HKWorkoutEventType's number of a lap. */
const LAP = 3

export interface ReactNativeWorkout extends ReadWorkout {
  readonly laps: readonly ActivityLapRecord[]
}

/**
 * A workout as `getAnchoredWorkouts` answers it: kilocalories, seconds and, unless the app says otherwise, miles. A total that HealthKit
 * does not have is 0 there. A text: why there is none.
 */
export function readReactNativeWorkout(answer: Json, distanceUnit: unknown): ReactNativeWorkout | string {
  const metadata = asObject(answer['metadata']) ?? {}
  const timeZone = typeof metadata['HKTimeZone'] === 'string' ? metadata['HKTimeZone'].slice(0, 64) : null
  const momentOf = (text: unknown) => {
    const moment = parseMoment(text, timeZone)
    return moment === undefined ? undefined : inZone(moment, timeZone)
  }
  const [start, end] = [momentOf(answer['start']), momentOf(answer['end'])]
  const problem = findWorkoutProblem(start, end)
  if (problem !== undefined || start === undefined || end === undefined) return problem ?? 'no times'
  const unit = typeof distanceUnit === 'string' ? distanceUnit : 'mi'
  const numbers = openWorkoutNumbers()
  // A total that HealthKit does not have.
  const total = (name: string) => numbers.number(name, answer[name]) || undefined
  const distance = total('distance')
  const distanceM = distance === undefined ? undefined : convert(distance, unit, { dimension: 'length', base: 1 })
  if (distance !== undefined && distanceM === undefined) return 'unit: not one of distance'
  const sourceId = identify(answer, start, end)
  const activity = toActivity({
    sourceId,
    sourceSport: sportOf(answer),
    start,
    end,
    timeZone,
    durationS: total('duration'),
    distanceM,
    energyKcal: total('calories'),
    indoor: isSet(metadata['HKIndoorWorkout']),
    manual: isSet(metadata['HKWasUserEntered']) || answer['tracked'] === false,
    deviceName: textOf(answer['sourceName']),
  })
  const laps = readLaps(answer['workoutEvents'], { sourceId, numbers })
  return { activity, laps, leftOut: numbers.leftOut() }
}

/** HealthKit's uuid where the version of the library gives it; otherwise what stays the same whenever it is answered again. */
function identify(answer: Json, start: Moment, end: Moment): string {
  const id = textOf(answer['id'])
  if (id !== null) return id.slice(0, 100).toLowerCase()
  const source = textOf(answer['sourceName']) ?? ''
  return ['react-native', sportOf(answer), start.at.toISOString(), end.at.toISOString(), source].join('|')
}

function sportOf({ activityName, activityId }: Json): string {
  return textOf(activityName) ?? (typeof activityId === 'number' ? `activity ${activityId}` : 'Other')
}

function readLaps(
  events: unknown,
  { sourceId, numbers }: { sourceId: string; numbers: WorkoutNumbers },
): ActivityLapRecord[] {
  const laps = (Array.isArray(events) ? events : []).filter((event) => asObject(event)?.['eventTypeInt'] === LAP)
  return laps.flatMap((lap, index) => {
    const { startDate, endDate } = asObject(lap) ?? {}
    const [start, end] = [parseMoment(startDate), parseMoment(endDate)]
    if (start === undefined) {
      numbers.leaveOut('lap', 'startDate: not a time')
      return []
    }
    const elapsedTimeS = end === undefined ? null : Math.round((end.at.getTime() - start.at.getTime()) / 1000)
    return [{ ...EMPTY_LAP, sourceId, lapNumber: index + 1, startedAt: start.at, elapsedTimeS }]
  })
}

function isSet(value: unknown): boolean {
  return value === true || value === 1 || value === '1'
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value.slice(0, 1000) : null
}
