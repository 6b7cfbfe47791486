import { normalizer } from './document.ts'
import { type DailyField, readDaily } from './measurements.ts'

const SCORE = { min: 0, max: 100 }
const SECONDS = { min: 0, max: 90_000 } // a day with a change of the clocks is longer
const ENERGY = { min: 0, max: 30_000 }

const days = (fields: readonly DailyField[]) =>
  normalizer((document) => ({ dailyMetrics: readDaily(document, document.day(), fields) }), ['dailyMetrics'])

/**
 * A day from 4 in the morning to the next. The "equivalent walking distance" is energy in another unit and no distance; neither it nor
 * the series of METs is taken over.
 */
export const normalizeActivityDay = days([
  ['steps', 'steps', { min: 0, max: 300_000 }],
  ['active_calories', 'active_energy_kcal', ENERGY],
  ['total_calories', 'total_energy_kcal', ENERGY],
  ['average_met_minutes', 'average_met', { min: 0, max: 50 }],
  ['high_activity_time', 'vigorous_activity_time_s', SECONDS],
  ['medium_activity_time', 'moderate_activity_time_s', SECONDS],
  ['low_activity_time', 'low_activity_time_s', SECONDS],
  ['sedentary_time', 'sedentary_time_s', SECONDS],
  ['non_wear_time', 'non_wear_time_s', SECONDS],
  ['inactivity_alerts', 'inactivity_alerts', { min: 0, max: 1000 }],
  ['score', 'activity_score', SCORE],
])

export const normalizeReadinessDay = days([
  ['score', 'readiness_score', SCORE],
  ['temperature_deviation', 'skin_temperature_deviation_celsius', { min: -20, max: 20 }],
  ['temperature_trend_deviation', 'skin_temperature_trend_celsius', { min: -20, max: 20 }],
])

export const normalizeSleepDay = days([['score', 'sleep_score', SCORE]])

/** Seconds in the highest quarter of the person's own stress, and of their recovery. */
export const normalizeStressDay = days([
  ['stress_high', 'high_stress_time_s', SECONDS],
  ['recovery_high', 'recovery_time_s', SECONDS],
])

export const normalizeCardiovascularAge = days([
  ['vascular_age', 'vascular_age_years', { min: 1, max: 150 }],
  ['pulse_wave_velocity', 'pulse_wave_velocity_m_per_s', { min: 1, max: 50 }],
])

export const normalizeVo2Max = days([['vo2_max', 'vo2_max_ml_per_kg_min', { min: 1, max: 150 }]])

/** The mean of the sleep. A zero is a night without a measurement. */
export const normalizeOxygenDay = normalizer(
  (document) => {
    const localDay = document.day()
    const inside = document.inside('spo2_percentage')
    const value = inside?.number('average', { min: 0, max: 100 })
    document.problems.push(...(inside?.problems ?? []))
    return { dailyMetrics: value ? [{ localDay, kind: 'sleeping_oxygen_saturation_mean_percent', value }] : [] }
  },
  ['dailyMetrics'],
)

const LEVELS = ['limited', 'adequate', 'solid', 'strong', 'exceptional']

export const normalizeResilienceDay = normalizer(
  (document) => {
    const localDay = document.day()
    const level = document.text('level')
    const value = LEVELS.indexOf(level ?? '') + 1
    if (level !== undefined && value === 0) document.problems.push('level: not known')
    return { dailyMetrics: value === 0 ? [] : [{ localDay, kind: 'resilience_level', value }] }
  },
  ['dailyMetrics'],
)
