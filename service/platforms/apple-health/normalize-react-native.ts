import { AppError } from '../../runtime/errors.ts'
import type { Records, RejectedRecord } from '../records.ts'
import { gatherRejections, type HealthRecord } from './health-record.ts'
import { asObject } from './normalize-auto-export.ts'
import { toRecords } from './to-records.ts'

type Json = Readonly<Record<string, unknown>>

/** What each call of react-native-health answers, and in which unit unless the app asked for another: the answer itself does not say. */
const CALLS: readonly (readonly [calls: string, type: string, unit: string])[] = [
  ['getActiveEnergyBurned', 'ActiveEnergyBurned', 'kcal'],
  ['getBasalEnergyBurned', 'BasalEnergyBurned', 'kcal'],
  ['getAppleStandTime', 'AppleStandTime', 'min'],
  ['getAppleExerciseTime', 'AppleExerciseTime', 'min'],
  ['getBloodAlcoholContentSamples getLatestBloodAlcoholContent', 'BloodAlcoholContent', '%'],
  ['getBloodGlucoseSamples', 'BloodGlucose', 'mmol/L'],
  ['getBmiSamples getLatestBmi', 'BodyMassIndex', 'count'],
  ['getBodyFatPercentageSamples getLatestBodyFatPercentage', 'BodyFatPercentage', '%'],
  ['getBodyTemperatureSamples', 'BodyTemperature', 'degC'],
  ['getCarbohydratesSamples', 'DietaryCarbohydrates', 'g'],
  ['getDailyDistanceCyclingSamples getDistanceCycling', 'DistanceCycling', 'm'],
  ['getDailyDistanceSwimmingSamples getDistanceSwimming', 'DistanceSwimming', 'm'],
  ['getDailyDistanceWalkingRunningSamples getDistanceWalkingRunning', 'DistanceWalkingRunning', 'm'],
  ['getDailyFlightsClimbedSamples getFlightsClimbed', 'FlightsClimbed', 'count'],
  ['getDailyStepCountSamples getStepCount', 'StepCount', 'count'],
  ['getEnergyConsumedSamples', 'DietaryEnergyConsumed', 'kcal'],
  ['getEnvironmentalAudioExposure', 'EnvironmentalAudioExposure', 'dBASPL'],
  ['getFiberSamples', 'DietaryFiber', 'g'],
  ['getHeadphoneAudioExposure', 'HeadphoneAudioExposure', 'dBASPL'],
  ['getHeartRateSamples', 'HeartRate', 'bpm'],
  ['getHeartRateVariabilitySamples', 'HeartRateVariabilitySDNN', 's'],
  ['getHeightSamples getLatestHeight', 'Height', 'in'],
  ['getInsulinDeliverySamples', 'InsulinDelivery', 'IU'],
  ['getLeanBodyMassSamples getLatestLeanBodyMass', 'LeanBodyMass', 'lb'],
  ['getOxygenSaturationSamples', 'OxygenSaturation', '%'],
  ['getPeakFlowSamples getLatestPeakFlow', 'PeakExpiratoryFlowRate', 'L/min'],
  ['getProteinSamples', 'DietaryProtein', 'g'],
  ['getRespiratoryRateSamples', 'RespiratoryRate', 'count/min'],
  ['getRestingHeartRateSamples getRestingHeartRate', 'RestingHeartRate', 'bpm'],
  ['getTotalFatSamples', 'DietaryFatTotal', 'g'],
  ['getVo2MaxSamples', 'VO2Max', 'mL/kg/min'],
  ['getWaistCircumferenceSamples getLatestWaistCircumference', 'WaistCircumference', 'in'],
  ['getWalkingHeartRateAverage', 'WalkingHeartRateAverage', 'bpm'],
  ['getWaterSamples getWater', 'DietaryWater', 'L'],
  ['getWeightSamples getLatestWeight', 'BodyMass', 'lb'],
]

interface Call {
  readonly type: string
  readonly unit: string
}

const BY_CALL: ReadonlyMap<string, Call> = new Map([
  ...CALLS.flatMap(([calls, type, unit]) =>
    calls.split(' ').map((call) => [call, { type: `HKQuantityTypeIdentifier${type}`, unit }] as const),
  ),
  ['getSleepSamples', { type: 'HKCategoryTypeIdentifierSleepAnalysis', unit: '' }],
  ['getMindfulSession', { type: 'HKCategoryTypeIdentifierMindfulSession', unit: '' }],
])

/**
 * Answers of react-native-health by the name of the call; `units: { getWeightSamples: "kg" }` where the app asked for another unit than
 * the library's default. Throws platform/unexpected_payload when it is no object.
 */
export function normalizeReactNative(payload: unknown): Records {
  const answers = asObject(payload)
  if (answers === undefined) throw new AppError('platform/unexpected_payload', { problem: 'not answers by call' })
  const units = asObject(answers['units']) ?? {}
  const records: HealthRecord[] = []
  const rejected: RejectedRecord[] = []
  let position = 0
  for (const [call, answer] of Object.entries(answers)) {
    if (call === 'units') continue
    for (const item of flatten(answer)) {
      const found = toHealthRecords(call, item, { position, unit: units[call] })
      if (typeof found === 'string') rejected.push({ position, reason: found })
      else records.push(...found)
      position += 1
    }
  }
  const measured = toRecords(records)
  return { ...measured, rejected: [...measured.rejected, ...gatherRejections(rejected)] }
}

/** A call answers a list, or one thing; several answers may be collected in a list. */
function flatten(value: unknown, depth = 0): readonly unknown[] {
  return Array.isArray(value) && depth < 4 ? value.flatMap((item) => flatten(item, depth + 1)) : [value]
}

function toHealthRecords(
  call: string,
  item: unknown,
  { position, unit }: { position: number; unit: unknown },
): HealthRecord[] | string {
  const name = /^[A-Za-z]{1,60}$/.test(call) ? call : 'call'
  const answer = asObject(item)
  if (answer === undefined) return `${name}: no sample`
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
