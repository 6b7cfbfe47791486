import { AppError } from '../../runtime/errors.ts'
import type { ActivityRecord, Records, RejectedRecord } from '../records.ts'
import { findWorkoutProblem, toActivity } from './activity.ts'
import { gatherRejections, type HealthRecord } from './health-record.ts'
import { parseMoment } from './moments.ts'
import { asObject } from './normalize-auto-export.ts'
import { toRecords } from './to-records.ts'
import type { Dimension } from './units.ts'
import { noteLeftOut, openWorkoutNumbers, type ReadWorkout } from './workout-numbers.ts'

type Json = Readonly<Record<string, unknown>>

/** The plugin's types that are not HealthKit's name in capitals. */
const TYPES: Readonly<Record<string, string>> = {
  STEPS: 'StepCount',
  BLOOD_OXYGEN: 'OxygenSaturation',
  WEIGHT: 'BodyMass',
  WATER: 'DietaryWater',
  EXERCISE_TIME: 'AppleExerciseTime',
  HEART_RATE_VARIABILITY_SDNN: 'HeartRateVariabilitySDNN',
  WALKING_HEART_RATE: 'WalkingHeartRateAverage',
  DISTANCE_DELTA: 'DistanceWalkingRunning',
  ACTIVE_ENERGY_BURNED: 'ActiveEnergyBurned',
  BASAL_ENERGY_BURNED: 'BasalEnergyBurned',
  BLOOD_GLUCOSE: 'BloodGlucose',
  BLOOD_PRESSURE_DIASTOLIC: 'BloodPressureDiastolic',
  BLOOD_PRESSURE_SYSTOLIC: 'BloodPressureSystolic',
  BODY_FAT_PERCENTAGE: 'BodyFatPercentage',
  BODY_MASS_INDEX: 'BodyMassIndex',
  BODY_TEMPERATURE: 'BodyTemperature',
  DISTANCE_CYCLING: 'DistanceCycling',
  DISTANCE_SWIMMING: 'DistanceSwimming',
  DISTANCE_WALKING_RUNNING: 'DistanceWalkingRunning',
  FLIGHTS_CLIMBED: 'FlightsClimbed',
  HEART_RATE: 'HeartRate',
  HEIGHT: 'Height',
  INSULIN_DELIVERY: 'InsulinDelivery',
  LEAN_BODY_MASS: 'LeanBodyMass',
  RESPIRATORY_RATE: 'RespiratoryRate',
  RESTING_HEART_RATE: 'RestingHeartRate',
  UV_INDEX: 'UVExposure',
  WAIST_CIRCUMFERENCE: 'WaistCircumference',
}

const STAGES: Readonly<Record<string, string>> = {
  SLEEP_ASLEEP: 'asleep',
  SLEEP_AWAKE: 'awake',
  SLEEP_DEEP: 'deep',
  SLEEP_LIGHT: 'light',
  SLEEP_REM: 'rem',
  SLEEP_IN_BED: 'inBed',
}

/**
 * Points of the Flutter plugin `health`: a list, or `{ timeZone, data: [...] }`. Its times have no offset, so without `timeZone` (an IANA
 * name, for all or on a point) there is no telling when they were, and they are rejected. Throws platform/unexpected_payload.
 */
export function normalizeFlutter(payload: unknown): Records {
  const envelope = asObject(payload)
  const points = Array.isArray(payload) ? payload : envelope?.['data']
  if (!Array.isArray(points)) throw new AppError('platform/unexpected_payload', { problem: 'not a list of points' })
  const records: HealthRecord[] = []
  const activities: ActivityRecord[] = []
  const rejected: RejectedRecord[] = []
  for (const [position, item] of points.entries()) {
    const point = asObject(item) ?? {}
    const timeZone = zoneOf(point) ?? zoneOf(envelope ?? {})
    const reading =
      point['type'] === 'WORKOUT' ? readWorkout(point, timeZone) : readPoint(point, { position, timeZone })
    if ('problem' in reading) rejected.push({ position, reason: reading.problem })
    else if ('activity' in reading) {
      activities.push(reading.activity)
      rejected.push(...noteLeftOut(position, reading.leftOut))
    } else records.push(reading)
  }
  const measured = toRecords(records)
  return { ...measured, activities, rejected: [...measured.rejected, ...gatherRejections(rejected)] }
}

function readPoint(
  point: Json,
  { position, timeZone }: { position: number; timeZone: string | null },
): HealthRecord | { readonly problem: string } {
  const name = typeof point['type'] === 'string' ? point['type'] : ''
  const stage = Object.hasOwn(STAGES, name) ? STAGES[name] : undefined
  const quantity = Object.hasOwn(TYPES, name) ? TYPES[name] : undefined
  const mindful = name === 'MINDFULNESS'
  if (stage === undefined && quantity === undefined && !mindful)
    return { problem: `${/^[A-Z0-9_]{1,80}$/.test(name) ? name : 'type'}: no kind for it here` }
  const category = mindful ? 'HKCategoryTypeIdentifierMindfulSession' : 'HKCategoryTypeIdentifierSleepAnalysis'
  return {
    ...identityOf(point),
    position,
    type: quantity === undefined ? category : `HKQuantityTypeIdentifier${quantity}`,
    // A stage has minutes for a value; its times say the same.
    value: stage ?? asObject(point['value'])?.['numericValue'],
    unit: typeof point['unit'] === 'string' ? point['unit'] : undefined,
    startDate: point['dateFrom'],
    endDate: point['dateTo'],
    manual: point['recordingMethod'] === 'manual',
    timeZone,
  }
}

function identityOf({ uuid, sourceName }: Json): { sourceId: string | null; source: string } {
  return {
    sourceId: typeof uuid === 'string' && uuid !== '' ? uuid.slice(0, 100).toLowerCase() : null,
    source: typeof sourceName === 'string' ? sourceName.slice(0, 1000) : '',
  }
}

function readWorkout(point: Json, timeZone: string | null): ReadWorkout | { readonly problem: string } {
  const [start, end] = [parseMoment(point['dateFrom'], timeZone), parseMoment(point['dateTo'], timeZone)]
  const problem = findWorkoutProblem(start, end)
  const { sourceId, source } = identityOf(point)
  if (problem !== undefined || start === undefined || end === undefined)
    return { problem: `workout: ${problem ?? 'no times'}` }
  if (sourceId === null) return { problem: 'workout: no uuid' }
  const value = asObject(point['value']) ?? {}
  const numbers = openWorkoutNumbers()
  const total = (name: string, dimension: Dimension) =>
    numbers.amount(name, { value: value[name], unit: value[`${name}Unit`], dimension })
  const activity = toActivity({
    sourceId,
    sourceSport: typeof value['workoutActivityType'] === 'string' ? value['workoutActivityType'] : 'OTHER',
    start,
    end,
    timeZone,
    distanceM: total('totalDistance', 'length'),
    energyKcal: total('totalEnergyBurned', 'energy'),
    manual: point['recordingMethod'] === 'manual',
    deviceName: source === '' ? null : source,
  })
  return { activity, leftOut: numbers.leftOut() }
}

function zoneOf({ timeZone }: Json): string | null {
  return typeof timeZone === 'string' && timeZone !== '' ? timeZone.slice(0, 64) : null
}
