import { createHash } from 'node:crypto'

export type Document = Readonly<Record<string, unknown>>

const DAY_MS = 86_400_000
// Central European winter and summer, changed by hand where the clocks change.
const CHANGES = [
  [Date.UTC(2025, 2, 30, 1), 7200],
  [Date.UTC(2025, 9, 26, 1), 3600],
  [Date.UTC(2026, 2, 29, 1), 7200],
  [Date.UTC(2026, 9, 25, 1), 3600],
  [Date.UTC(2027, 2, 28, 1), 7200],
] as const

export function offsetAt(ms: number): number {
  return CHANGES.findLast(([from]) => ms >= from)?.[1] ?? 3600
}

/** `2026-03-29T07:10:00.000+02:00` */
export function localTime(ms: number): string {
  const offset = offsetAt(ms)
  const wall = new Date(ms + offset * 1000).toISOString().slice(0, -1)
  return `${wall}+${String(offset / 3600).padStart(2, '0')}:00`
}

/** A number from 0 to 1 that is the same for the same words. */
export function chance(...words: readonly (string | number)[]): number {
  return createHash('md5').update(words.join('|')).digest().readUInt32BE() / 2 ** 32
}

export function idOf(...words: readonly (string | number)[]): string {
  const hex = createHash('md5').update(words.join('|')).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** All that the ring and its app tell of one day: by list, made from nothing but the person and the day. */
export function documentsOf(person: number, dayMs: number): Readonly<Record<string, readonly Document[]>> {
  const day = new Date(dayMs).toISOString().slice(0, 10)
  // Midnight of the wall clock, as far as both are of one offset.
  const midnight = dayMs - offsetAt(dayMs) * 1000
  return {
    sleep: [sleepOf(person, day, midnight)],
    workout: chance(person, day, 'sport') < 0.4 ? [workoutOf(person, day, midnight)] : [],
    session: [],
    ...numbersOf(person, day, localTime(midnight + 4 * 3_600_000)),
  }
}

function numbersOf(person: number, day: string, timestamp: string): Readonly<Record<string, readonly Document[]>> {
  const between = (word: string, low: number, high: number) =>
    Math.round(low + chance(person, day, word) * (high - low))
  const one = (list: string, fields: Document) => [{ id: idOf(person, list, day), day, timestamp, ...fields }]
  const score = (list: string) => ({ score: between(list, 55, 97) })
  const temperature = { temperature_deviation: between('warm', -40, 60) / 100, temperature_trend_deviation: 0.05 }
  const stress = { stress_high: between('stress', 0, 7200), recovery_high: between('calm', 0, 7200) }
  return {
    daily_activity: one('daily_activity', activityOf(between, timestamp)),
    daily_readiness: one('daily_readiness', { ...score('daily_readiness'), ...temperature }),
    daily_sleep: one('daily_sleep', score('daily_sleep')),
    daily_spo2: one('daily_spo2', { spo2_percentage: { average: between('oxygen', 940, 990) / 10 } }),
    daily_stress: one('daily_stress', { ...stress, day_summary: 'normal' }),
    daily_resilience: one('daily_resilience', { level: 'solid' }),
    daily_cardiovascular_age: one('daily_cardiovascular_age', { vascular_age: 34 }),
    vo2_max: one('vo2_max', { vo2_max: 46 }),
  }
}

function activityOf(between: (word: string, low: number, high: number) => number, timestamp: string): Document {
  const steps = between('steps', 2500, 16_000)
  return {
    steps,
    active_calories: Math.round(steps / 25),
    total_calories: 1600 + Math.round(steps / 25),
    average_met_minutes: 1.5,
    equivalent_walking_distance: Math.round(steps * 0.8),
    high_activity_time: between('high', 0, 1800),
    medium_activity_time: between('medium', 600, 5400),
    low_activity_time: between('low', 7200, 18_000),
    sedentary_time: between('still', 20_000, 40_000),
    non_wear_time: between('bare', 0, 3000),
    inactivity_alerts: between('alerts', 0, 3),
    score: between('activity', 60, 98),
    class_5_min: '0',
    met: { interval: 60, items: [1.1, 0.9], timestamp },
  }
}

function sleepOf(person: number, day: string, midnight: number): Document {
  const start = midnight - Math.round(chance(person, day, 'bed') * 90) * 60_000
  // Cycles of five-minute phases: 12 deep, 8 light, 3 REM, 1 awake, four times.
  const phases = `${'1'.repeat(12)}${'2'.repeat(8)}333${'4'}`.repeat(4)
  const count = (digit: string) => Array.from(phases).filter((phase) => phase === digit).length * 300
  const items = Array.from({ length: phases.length }, (_, index) => 48 + (index % 9))
  const hrv = items.map((_, index) => (index % 12 === 11 ? null : 40 + (index % 21)))
  return {
    id: idOf(person, 'sleep', day),
    day,
    bedtime_start: localTime(start),
    bedtime_end: localTime(start + phases.length * 300_000),
    type: 'long_sleep',
    period: 0,
    time_in_bed: phases.length * 300,
    total_sleep_duration: count('1') + count('2') + count('3'),
    deep_sleep_duration: count('1'),
    light_sleep_duration: count('2'),
    rem_sleep_duration: count('3'),
    awake_time: count('4'),
    efficiency: 93,
    latency: 540,
    restless_periods: 7,
    average_heart_rate: 52,
    lowest_heart_rate: 48,
    average_hrv: 50,
    average_breath: 14.5,
    heart_rate: { interval: 300, items, timestamp: localTime(start) },
    hrv: { interval: 300, items: hrv, timestamp: localTime(start) },
    sleep_phase_5_min: phases,
    movement_30_sec: '1',
    low_battery_alert: false,
  }
}

function workoutOf(person: number, day: string, midnight: number): Document {
  const start = midnight + 17 * 3_600_000
  const minutes = 20 + Math.round(chance(person, day, 'minutes') * 60)
  return {
    id: idOf(person, 'workout', day),
    day,
    activity: chance(person, day, 'kind') < 0.5 ? 'running' : 'cycling',
    calories: minutes * 9,
    distance: minutes * 160,
    start_datetime: localTime(start),
    end_datetime: localTime(start + minutes * 60_000),
    intensity: 'moderate',
    label: null,
    source: 'confirmed',
  }
}

/** Every quarter of an hour; what is measured asleep is marked. */
export function heartRatesOf(person: number, fromMs: number, toMs: number): Document[] {
  const rows: Document[] = []
  for (let at = Math.ceil(fromMs / 900_000) * 900_000; at <= toMs; at += 900_000) {
    const hour = ((at / 1000 + offsetAt(at)) / 3600) % 24
    const source = hour < 7 ? 'sleep' : 'awake'
    rows.push({
      timestamp: new Date(at).toISOString().replace('.000Z', '+00:00'),
      bpm: 60 + Math.round(chance(person, at) * 40),
      source,
    })
  }
  return rows
}

export function eachDay(fromMs: number, toMs: number): number[] {
  const days: number[] = []
  for (let day = Math.floor(fromMs / DAY_MS) * DAY_MS; day < toMs; day += DAY_MS) days.push(day)
  return days
}
