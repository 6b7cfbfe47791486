import type { MetricKind } from '../metric-kinds.ts'
import type { Dimension } from './units.ts'

/** What a quantity type becomes. */
export interface Quantity {
  readonly kind: MetricKind
  readonly dimension: Dimension
  /** One unit of the kind in the dimension's base: 0.01 for centimetres. */
  readonly base: number
}

type Row = readonly [type: string, kind: MetricKind, dimension: Dimension, base?: number]

/** HealthKit's quantity types (without HKQuantityTypeIdentifier) that have a kind here. The others are kept raw and named as refused. */
const ROWS: readonly Row[] = [
  ['StepCount', 'steps', 'count'],
  ['PushCount', 'wheelchair_pushes', 'count'],
  ['DistanceWalkingRunning', 'walking_running_distance_m', 'length'],
  ['DistanceCycling', 'cycling_distance_m', 'length'],
  ['DistanceSwimming', 'swimming_distance_m', 'length'],
  ['DistanceWheelchair', 'wheelchair_distance_m', 'length'],
  ['DistanceDownhillSnowSports', 'snow_sports_distance_m', 'length'],
  ['DistanceRowing', 'rowing_distance_m', 'length'],
  ['DistancePaddleSports', 'paddling_distance_m', 'length'],
  ['DistanceSkatingSports', 'skating_distance_m', 'length'],
  ['DistanceCrossCountrySkiing', 'cross_country_skiing_distance_m', 'length'],
  ['FlightsClimbed', 'floors_climbed', 'count'],
  ['SwimmingStrokeCount', 'swimming_strokes', 'count'],
  ['AppleExerciseTime', 'exercise_time_s', 'time'],
  ['AppleStandTime', 'stand_time_s', 'time'],
  ['AppleMoveTime', 'move_time_s', 'time'],
  ['ActiveEnergyBurned', 'active_energy_kcal', 'energy'],
  ['BasalEnergyBurned', 'basal_energy_kcal', 'energy'],
  ['PhysicalEffort', 'physical_effort_met', 'intensity'],
  ['WorkoutEffortScore', 'workout_effort_score', 'score'],
  ['EstimatedWorkoutEffortScore', 'workout_effort_estimated_score', 'score'],
  ['HeartRate', 'heart_rate_bpm', 'rate'],
  ['RestingHeartRate', 'resting_heart_rate_bpm', 'rate'],
  ['WalkingHeartRateAverage', 'walking_heart_rate_mean_bpm', 'rate'],
  ['HeartRateRecoveryOneMinute', 'heart_rate_recovery_1min_bpm', 'rate'],
  ['HeartRateVariabilitySDNN', 'hrv_sdnn_ms', 'time', 0.001],
  ['AtrialFibrillationBurden', 'atrial_fibrillation_burden_percent', 'percent'],
  ['ElectrodermalActivity', 'electrodermal_activity_us', 'conductance'],
  ['PeripheralPerfusionIndex', 'peripheral_perfusion_index_percent', 'percent'],
  ['RespiratoryRate', 'respiration_rate_per_min', 'rate'],
  ['OxygenSaturation', 'oxygen_saturation_percent', 'percent'],
  ['ForcedVitalCapacity', 'forced_vital_capacity_l', 'volume'],
  ['ForcedExpiratoryVolume1', 'forced_expiratory_volume_1s_l', 'volume'],
  ['PeakExpiratoryFlowRate', 'peak_expiratory_flow_l_per_min', 'flow'],
  ['InhalerUsage', 'inhaler_uses', 'count'],
  ['VO2Max', 'vo2_max_ml_per_kg_min', 'oxygen_uptake'],
  ['BodyMass', 'body_weight_kg', 'mass'],
  ['LeanBodyMass', 'lean_body_mass_kg', 'mass'],
  ['BodyMassIndex', 'body_mass_index', 'index'],
  ['BodyFatPercentage', 'body_fat_percent', 'percent'],
  ['Height', 'body_height_cm', 'length', 0.01],
  ['WaistCircumference', 'waist_circumference_cm', 'length', 0.01],
  ['BodyTemperature', 'body_temperature_celsius', 'temperature'],
  ['BasalBodyTemperature', 'basal_body_temperature_celsius', 'temperature'],
  ['AppleSleepingWristTemperature', 'wrist_temperature_celsius', 'temperature'],
  ['WaterTemperature', 'water_temperature_celsius', 'temperature'],
  ['BloodPressureSystolic', 'blood_pressure_systolic_mmhg', 'pressure'],
  ['BloodPressureDiastolic', 'blood_pressure_diastolic_mmhg', 'pressure'],
  ['BloodGlucose', 'blood_glucose_mg_per_dl', 'glucose'],
  ['InsulinDelivery', 'insulin_delivered_iu', 'insulin'],
  ['BloodAlcoholContent', 'blood_alcohol_percent', 'percent'],
  ['NumberOfAlcoholicBeverages', 'alcoholic_beverages', 'count'],
  ['NumberOfTimesFallen', 'falls', 'count'],
  ['AppleSleepingBreathingDisturbances', 'breathing_disturbances_per_h', 'index'],
  ['WalkingSpeed', 'walking_speed_m_per_s', 'speed'],
  ['WalkingStepLength', 'walking_step_length_cm', 'length', 0.01],
  ['WalkingAsymmetryPercentage', 'walking_asymmetry_percent', 'percent'],
  ['WalkingDoubleSupportPercentage', 'walking_double_support_percent', 'percent'],
  ['AppleWalkingSteadiness', 'walking_steadiness_percent', 'percent'],
  ['SixMinuteWalkTestDistance', 'six_minute_walk_distance_m', 'length'],
  ['StairAscentSpeed', 'stair_ascent_speed_m_per_s', 'speed'],
  ['StairDescentSpeed', 'stair_descent_speed_m_per_s', 'speed'],
  ['RunningSpeed', 'running_speed_m_per_s', 'speed'],
  ['RunningPower', 'running_power_w', 'power'],
  ['RunningStrideLength', 'running_stride_length_m', 'length'],
  ['RunningVerticalOscillation', 'running_vertical_oscillation_cm', 'length', 0.01],
  ['RunningGroundContactTime', 'running_ground_contact_time_ms', 'time', 0.001],
  ['CyclingSpeed', 'cycling_speed_m_per_s', 'speed'],
  ['CyclingPower', 'cycling_power_w', 'power'],
  ['CyclingCadence', 'cycling_cadence_rpm', 'rate'],
  ['CyclingFunctionalThresholdPower', 'functional_threshold_power_w', 'power'],
  ['RowingSpeed', 'rowing_speed_m_per_s', 'speed'],
  ['PaddleSportsSpeed', 'paddling_speed_m_per_s', 'speed'],
  ['CrossCountrySkiingSpeed', 'cross_country_skiing_speed_m_per_s', 'speed'],
  ['UnderwaterDepth', 'underwater_depth_m', 'length'],
  ['EnvironmentalAudioExposure', 'environmental_audio_db', 'sound'],
  ['HeadphoneAudioExposure', 'headphone_audio_db', 'sound'],
  ['TimeInDaylight', 'time_in_daylight_s', 'time'],
  ['UVExposure', 'uv_exposure_index', 'index'],
  ['DietaryEnergyConsumed', 'dietary_energy_kcal', 'energy'],
  ['DietaryWater', 'dietary_water_ml', 'volume', 0.001],
  ['DietaryProtein', 'dietary_protein_g', 'mass', 0.001],
  ['DietaryCarbohydrates', 'dietary_carbohydrates_g', 'mass', 0.001],
  ['DietarySugar', 'dietary_sugar_g', 'mass', 0.001],
  ['DietaryFiber', 'dietary_fiber_g', 'mass', 0.001],
  ['DietaryFatTotal', 'dietary_fat_g', 'mass', 0.001],
  ['DietaryFatSaturated', 'dietary_saturated_fat_g', 'mass', 0.001],
  ['DietaryFatMonounsaturated', 'dietary_monounsaturated_fat_g', 'mass', 0.001],
  ['DietaryFatPolyunsaturated', 'dietary_polyunsaturated_fat_g', 'mass', 0.001],
  ['DietaryCholesterol', 'dietary_cholesterol_mg', 'mass', 1e-6],
  ['DietarySodium', 'dietary_sodium_mg', 'mass', 1e-6],
  ['DietaryPotassium', 'dietary_potassium_mg', 'mass', 1e-6],
  ['DietaryCalcium', 'dietary_calcium_mg', 'mass', 1e-6],
  ['DietaryIron', 'dietary_iron_mg', 'mass', 1e-6],
  ['DietaryCaffeine', 'dietary_caffeine_mg', 'mass', 1e-6],
]

const PREFIX = 'HKQuantityTypeIdentifier'

/** By HealthKit's full identifier. */
export const QUANTITIES: ReadonlyMap<string, Quantity> = new Map(
  ROWS.map(([type, kind, dimension, base = 1]) => [`${PREFIX}${type}`, { kind, dimension, base }]),
)

/** What a category type becomes; `of` reads the value: how long it lasted, how often, or a level. */
export interface Category {
  readonly kind: MetricKind
  readonly of: 'duration' | 'event' | Readonly<Record<string, number>>
}

const STAND_HOURS = { HKCategoryValueAppleStandHourStood: 1, HKCategoryValueAppleStandHourIdle: 0, '0': 1, '1': 0 }
const FLOW = ['None', 'Unspecified', 'Light', 'Medium', 'Heavy'] as const
const FLOW_LEVELS = Object.fromEntries([
  ...FLOW.map((name, level) => [`HKCategoryValueMenstrualFlow${name}`, level] as const),
  ...FLOW.map((name, level) => [`HKCategoryValueVaginalBleeding${name}`, level] as const),
  // As numbers: 1 unspecified, 2 light, 3 medium, 4 heavy, 5 none.
  ...['1', '2', '3', '4'].map((code) => [code, Number(code)] as const),
  ['5', 0] as const,
])

export const CATEGORIES: ReadonlyMap<string, Category> = new Map<string, Category>(
  (
    [
      ['MindfulSession', 'mindful_time_s', 'duration'],
      ['AppleStandHour', 'stand_hours', STAND_HOURS],
      ['HighHeartRateEvent', 'high_heart_rate_events', 'event'],
      ['LowHeartRateEvent', 'low_heart_rate_events', 'event'],
      ['IrregularHeartRhythmEvent', 'irregular_rhythm_events', 'event'],
      ['SleepApneaEvent', 'sleep_apnea_events', 'event'],
      ['AudioExposureEvent', 'audio_exposure_events', 'event'],
      ['EnvironmentalAudioExposureEvent', 'audio_exposure_events', 'event'],
      ['HeadphoneAudioExposureEvent', 'headphone_audio_exposure_events', 'event'],
      ['MenstrualFlow', 'menstrual_flow_level', FLOW_LEVELS],
    ] as const
  ).map(([type, kind, of]) => [`HKCategoryTypeIdentifier${type}`, { kind, of }]),
)
