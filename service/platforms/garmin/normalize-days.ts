import { dayAt, type ItemReader, normalizer, Refused } from './item-reader.ts'
import { type DailyField, readDaily, readDay, readPeriod, readSeries } from './measurements.ts'

const DAILY: readonly DailyField[] = [
  ['steps', 'steps', { max: 1e6 }],
  ['distanceInMeters', 'distance_m'],
  ['activeTimeInSeconds', 'active_time_s', { max: 200_000 }],
  ['activeKilocalories', 'active_energy_kcal', { max: 1e5 }],
  ['bmrKilocalories', 'basal_energy_kcal', { max: 1e5 }],
  ['moderateIntensityDurationInSeconds', 'moderate_activity_time_s', { max: 200_000 }],
  ['vigorousIntensityDurationInSeconds', 'vigorous_activity_time_s', { max: 200_000 }],
  ['floorsClimbed', 'floors_climbed', { max: 1e5 }],
  ['minHeartRateInBeatsPerMinute', 'heart_rate_min_bpm', { min: 1, max: 400 }],
  ['maxHeartRateInBeatsPerMinute', 'heart_rate_max_bpm', { min: 1, max: 400 }],
  ['restingHeartRateInBeatsPerMinute', 'resting_heart_rate_bpm', { min: 1, max: 400 }],
  ['stressDurationInSeconds', 'stress_time_s', { max: 200_000 }],
  ['restStressDurationInSeconds', 'rest_stress_time_s', { max: 200_000 }],
  ['activityStressDurationInSeconds', 'activity_stress_time_s', { max: 200_000 }],
  ['lowStressDurationInSeconds', 'low_stress_time_s', { max: 200_000 }],
  ['mediumStressDurationInSeconds', 'medium_stress_time_s', { max: 200_000 }],
  ['highStressDurationInSeconds', 'high_stress_time_s', { max: 200_000 }],
  ['bodyBatteryChargedValue', 'body_battery_charged_score', { max: 200 }],
  ['bodyBatteryDrainedValue', 'body_battery_drained_score', { max: 200 }],
  ['bodyBatteryHighestValue', 'body_battery_max_score', { max: 100 }],
  ['bodyBatteryLowestValue', 'body_battery_min_score', { max: 100 }],
  ['pushes', 'wheelchair_pushes', { max: 1e6 }],
  ['pushDistanceInMeters', 'wheelchair_distance_m'],
]

/** The average heart rate is that of seven days and becomes nothing; goals are no measurements. */
export const normalizeDailies = normalizer((reader) => {
  const day = readDay(reader)
  // -1 and -2 say that there was too little to tell.
  const stress: DailyField[] = [
    ['averageStressLevel', 'stress_score', { min: -5, max: 100 }],
    ['maxStressLevel', 'stress_score_max', { min: -5, max: 100 }],
  ]
  return {
    dailyMetrics: [
      ...readDaily(reader, DAILY, day),
      ...readDaily(reader, stress, day).filter(({ value }) => value > 0),
    ],
    ...readSeries(reader, day.period, {
      field: 'timeOffsetHeartRateSamples',
      kind: 'heart_rate_bpm',
      min: 1,
      max: 400,
    }),
  }
})

/** Negative levels are codes (off wrist, large motion, too few data, recovering, unidentified), not stress. */
export const normalizeStress = normalizer((reader) => {
  const period = readPeriod(reader)
  const stress = readSeries(reader, period, {
    field: 'timeOffsetStressLevelValues',
    kind: 'stress_score',
    min: 1,
    max: 100,
  })
  const battery = readSeries(reader, period, {
    field: 'timeOffsetBodyBatteryValues',
    kind: 'body_battery_score',
    min: 0,
    max: 100,
  })
  return {
    samples: [...stress.samples, ...battery.samples],
    sampleSpans: [...stress.sampleSpans, ...battery.sampleSpans],
  }
})

/** Garmin's HRV is rMSSD, and the fields say so only in the documentation. */
export const normalizeHrv = normalizer((reader) => {
  const day = readDay(reader)
  const range = { min: 1, max: 1000 }
  const night: DailyField[] = [
    ['lastNightAvg', 'hrv_rmssd_night_mean_ms', range],
    ['lastNight5MinHigh', 'hrv_rmssd_night_max_5min_ms', range],
  ]
  return {
    dailyMetrics: readDaily(reader, night, day),
    ...readSeries(reader, day.period, { field: 'hrvValues', kind: 'hrv_rmssd_ms', ...range }),
  }
})

/** A spot check and the automatic measurement of the same day stand side by side. */
export const normalizePulseOx = normalizer((reader) => {
  const variant = reader.flag('onDemand') ? 'on_demand' : ''
  return readSeries(reader, readPeriod(reader), {
    field: 'timeOffsetSpo2Values',
    kind: 'oxygen_saturation_percent',
    variant,
    min: 1,
    max: 100,
  })
})

export const normalizeRespiration = normalizer((reader) => {
  const period = readPeriod(reader)
  const series = { kind: 'respiration_rate_per_min', min: 1, max: 100 } as const
  const known = readSeries(reader, period, { ...series, field: 'timeOffsetEpochToBreaths' })
  return known.samples.length > 0
    ? known
    : readSeries(reader, period, { ...series, field: 'timeOffsetRespirationValues' })
})

export const normalizeSkinTemperature = normalizer((reader) => {
  const field: DailyField = ['avgDeviationCelsius', 'skin_temperature_deviation_celsius', { min: -30, max: 30 }]
  return { dailyMetrics: readDaily(reader, [field], readDay(reader)) }
})

export const normalizeUserMetrics = normalizer((reader) => {
  const localDay = neededDay(reader, 'calendarDate')
  const fields: DailyField[] = [
    ['vo2Max', 'vo2_max_ml_per_kg_min', { min: 1, max: 150 }],
    ['vo2MaxCycling', 'vo2_max_cycling_ml_per_kg_min', { min: 1, max: 150 }],
    ['fitnessAge', 'fitness_age_years', { min: 1, max: 150 }],
  ]
  return { dailyMetrics: readDaily(reader, fields, { localDay }) }
})

/** The day that the summary is about is told by the start of the period and the day in the cycle. What Garmin foresees nobody recorded. */
export const normalizeCycle = normalizer((reader) => {
  if (reader.flag('isPredictedCycle')) throw new Refused('isPredictedCycle: a forecast is no record')
  if (reader.object('pregnancySnapshot')?.isEmpty === false) throw new Refused('pregnancySnapshot: no day of a cycle')
  const day = reader.whole('dayInCycle', { min: 1, max: 400 })
  if (day === undefined) throw new Refused(reader.problems[0] ?? 'dayInCycle: missing')
  const start = Date.parse(`${neededDay(reader, 'periodStartDate')}T00:00:00Z`) / 1000
  return { dailyMetrics: [{ localDay: dayAt(start + (day - 1) * 86_400, 0), kind: 'menstrual_cycle_day', value: day }] }
})

function neededDay(reader: ItemReader, name: string): string {
  const day = reader.day(name)
  if (day === undefined) throw new Refused(reader.problems[0] ?? `${name}: missing`)
  return day
}
