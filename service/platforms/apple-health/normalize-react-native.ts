import { AppError } from '../../runtime/errors.ts'
import type { ActivityLapRecord, ActivityRecord, Records, RejectedRecord } from '../records.ts'
import { gatherRejections, type HealthRecord } from './health-record.ts'
import { asObject } from './normalize-auto-export.ts'
import { BY_CALL } from './react-native-calls.ts'
import { readReactNativeWorkout } from './react-native-workout.ts'
import { toRecords } from './to-records.ts'
import { noteLeftOut } from './workout-numbers.ts'

type Json = Readonly<Record<string, unknown>>

/** `getSamples` answers workouts when it is asked for them. */
const WORKOUT_CALLS: readonly string[] = ['getAnchoredWorkouts', 'getSamples']

/** Why nothing is made of what these answer. */
const UNUSABLE: Readonly<Record<string, string>> = {
  getActivitySummary: 'does not say which day it is of',
  getHeartbeatSeriesSamples: 'single beats, which HealthKit sums up in its heart rate and variability',
}

/**
 * Answers of react-native-health by the name of the call, or the answer of `getAnchoredWorkouts` alone, which is the only one with an
 * `anchor`; `units: { getWeightSamples: "kg" }` where the app asked for another unit than the library's default (of workouts: that of
 * distance). Throws platform/unexpected_payload when it is no object.
 */
export function normalizeReactNative(payload: unknown): Records {
  const body = asObject(payload)
  if (body === undefined) throw new AppError('platform/unexpected_payload', { problem: 'not answers by call' })
  const { units: told, ...answers } = body
  const units = asObject(told) ?? {}
  const calls = answers['anchor'] === undefined ? answers : { getAnchoredWorkouts: answers }
  const made: Made = { records: [], activities: [], activityLaps: [], rejected: [] }
  let position = 0
  for (const [call, answer] of Object.entries(calls)) {
    for (const item of flatten(answer)) {
      take(made, { call, item, position, unit: units[call] })
      position += 1
    }
  }
  const { records, activities, activityLaps, rejected } = made
  const measured = toRecords(records)
  return {
    ...measured,
    ...(activities.length > 0 && { activities, activityLaps }),
    rejected: [...measured.rejected, ...gatherRejections(rejected)],
  }
}

interface Made {
  readonly records: HealthRecord[]
  readonly activities: ActivityRecord[]
  readonly activityLaps: ActivityLapRecord[]
  readonly rejected: RejectedRecord[]
}

function take(
  { records, activities, activityLaps, rejected }: Made,
  { call, item, position, unit }: { call: string; item: unknown; position: number; unit: unknown },
): void {
  const answer = asObject(item)
  const isWorkout = answer !== undefined && WORKOUT_CALLS.includes(call) && answer['activityName'] !== undefined
  const found = isWorkout ? readReactNativeWorkout(answer, unit) : toHealthRecords(call, item, { position, unit })
  if (typeof found === 'string') rejected.push({ position, reason: isWorkout ? `${call}: ${found}` : found })
  else if ('activity' in found) {
    activities.push(found.activity)
    activityLaps.push(...found.laps)
    rejected.push(...noteLeftOut(position, found.leftOut, call))
  } else records.push(...found)
}

/** A call answers a list, or one thing; several answers may be collected in a list. Anchored calls have their list below `data`. */
function flatten(value: unknown, depth = 0): readonly unknown[] {
  if (Array.isArray(value) && depth < 4) return value.flatMap((item) => flatten(item, depth + 1))
  const data = asObject(value)?.['data']
  return Array.isArray(data) ? data : [value]
}

function toHealthRecords(
  call: string,
  item: unknown,
  { position, unit }: { position: number; unit: unknown },
): HealthRecord[] | string {
  const name = /^[A-Za-z]{1,60}$/.test(call) ? call : 'call'
  const answer = asObject(item)
  if (answer === undefined) return `${name}: no sample`
  const unusable = Object.hasOwn(UNUSABLE, call) ? UNUSABLE[call] : undefined
  if (unusable !== undefined) return `${call}: ${unusable}`
  if (call === 'getBloodPressureSamples') return toBloodPressure(answer, position)
  const known = BY_CALL.get(call)
  if (known === undefined) return `${name}: nothing is made of it`
  return [
    toRecord(answer, {
      position,
      type: known.type,
      unit: typeof unit === 'string' ? unit : known.unit,
      value: answer['value'],
    }),
  ]
}

function toBloodPressure(answer: Json, position: number): HealthRecord[] {
  const of = (side: 'Systolic' | 'Diastolic') =>
    toRecord(answer, {
      position,
      type: `HKQuantityTypeIdentifierBloodPressure${side}`,
      unit: 'mmHg',
      value: answer[`bloodPressure${side}Value`],
    })
  return [of('Systolic'), of('Diastolic')]
}

function toRecord(
  answer: Json,
  { position, type, unit, value }: Pick<HealthRecord, 'position' | 'type' | 'unit' | 'value'>,
): HealthRecord {
  const { id, sourceName, startDate, endDate } = answer
  return {
    position,
    type,
    value,
    unit,
    startDate,
    endDate,
    source: typeof sourceName === 'string' ? sourceName.slice(0, 1000) : '',
    sourceId: typeof id === 'string' && id !== '' ? id.slice(0, 100).toLowerCase() : null,
    manual: asObject(answer['metadata'])?.['HKWasUserEntered'] === true,
    timeZone: null,
  }
}
