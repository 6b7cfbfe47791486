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

export interface Call {
  readonly type: string
  readonly unit: string
}

export const BY_CALL: ReadonlyMap<string, Call> = new Map([
  ...CALLS.flatMap(([calls, type, unit]) =>
    calls.split(' ').map((call) => [call, { type: `HKQuantityTypeIdentifier${type}`, unit }] as const),
  ),
  ['getSleepSamples', { type: 'HKCategoryTypeIdentifierSleepAnalysis', unit: '' }],
  ['getMindfulSession', { type: 'HKCategoryTypeIdentifierMindfulSession', unit: '' }],
])
