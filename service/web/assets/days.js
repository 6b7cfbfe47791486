// Days and sums of days, without a browser. A day is its date as text, or seconds since 1970 at midnight UTC.

/**
 * @typedef {object} Day  One row of daily_summaries.
 * @property {string} local_day
 * @property {number} activity_count
 * @property {number | null} distance_m
 * @property {number | null} moving_time_s
 * @property {number | null} heart_rate_mean_bpm
 * @property {number | null} [steps]
 * @property {number | null} [sleep_asleep_s]
 * @property {number | null} [resting_heart_rate_bpm]
 *
 * @typedef {object} Bucket  A day or a month.
 * @property {number} start  Seconds since 1970.
 * @property {number} activities
 * @property {number} activeDays
 * @property {number | null} kilometres  Null when nothing was measured: no data is not zero.
 * @property {number | null} hours
 * @property {number | null} heartRate  Weighted by moving time.
 *
 * @typedef {object} Range
 * @property {string} id
 * @property {string} label
 * @property {number} months
 * @property {'day' | 'month'} by
 * @property {number} trend  How many buckets the line is the average of.
 */

const DAY_SECONDS = 86_400

/** @type {readonly Range[]} */
export const RANGES = [
  { id: '1m', label: '1 month', months: 1, by: 'day', trend: 7 },
  { id: '6m', label: '6 months', months: 6, by: 'day', trend: 7 },
  { id: '12m', label: '12 months', months: 12, by: 'day', trend: 28 },
  { id: '10y', label: '10 years', months: 120, by: 'month', trend: 12 },
]

/**
 * @param {string} day
 * @returns {number}
 */
export function secondsOf(day) {
  return Date.parse(`${day}T00:00:00Z`) / 1000
}

/**
 * @param {number} seconds
 * @returns {string}
 */
export function dayOf(seconds) {
  return new Date(seconds * 1000).toISOString().slice(0, 10)
}

/**
 * The day where this browser is: what a person calls today.
 * @param {Date} now
 * @returns {string}
 */
export function localDay(now) {
  return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10)
}

/**
 * The first day of a range that ends today; a range shown by month starts with a whole one.
 * @param {Range} range
 * @param {string} today
 * @returns {string}
 */
export function firstDay({ months, by }, today) {
  const [year = 0, month = 1, day = 1] = today.split('-').map(Number)
  // The 31st has no counterpart in a short month: its last day then.
  const lastOfMonth = new Date(Date.UTC(year, month - months, 0)).getUTCDate()
  const start =
    by === 'month'
      ? Date.UTC(year, month - months, 1)
      : Date.UTC(year, month - 1 - months, Math.min(day, lastOfMonth) + 1)
  return dayOf(start / 1000)
}

/**
 * Every day or month from `from` to `to`, those without data too.
 * @param {readonly Day[]} days
 * @param {{ from: string, to: string, by: 'day' | 'month' }} span
 * @returns {Bucket[]}
 */
export function fillBuckets(days, { from, to, by }) {
  const rows = Map.groupBy(days, ({ local_day: day }) => startOf(day, by))
  return startsBetween(from, to, by).map((start) => sumBucket(start, rows.get(start) ?? []))
}

/**
 * The mean of what is known of each day or month, null where nothing is.
 * @param {readonly Day[]} days
 * @param {(day: Day) => number | null | undefined} read
 * @param {{ from: string, to: string, by: 'day' | 'month' }} span
 * @returns {{ start: number, value: number | null }[]}
 */
export function meanBuckets(days, read, { from, to, by }) {
  const rows = Map.groupBy(days, ({ local_day: day }) => startOf(day, by))
  return startsBetween(from, to, by).map((start) => {
    const known = (rows.get(start) ?? []).map(read).filter((value) => value != null)
    return { start, value: known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length }
  })
}

/**
 * @param {string} day
 * @param {'day' | 'month'} by
 */
function startOf(day, by) {
  return secondsOf(by === 'month' ? `${day.slice(0, 7)}-01` : day)
}

/**
 * @param {string} from
 * @param {string} to
 * @param {'day' | 'month'} by
 */
function startsBetween(from, to, by) {
  const starts = []
  const last = secondsOf(to)
  for (let start = startOf(from, by); start <= last; start = nextStart(start, by)) starts.push(start)
  return starts
}

/**
 * @param {number} start
 * @param {'day' | 'month'} by
 */
function nextStart(start, by) {
  if (by === 'day') return start + DAY_SECONDS
  const date = new Date(start * 1000)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) / 1000
}

/**
 * @param {number} start
 * @param {readonly Day[]} days
 * @returns {Bucket}
 */
export function sumBucket(start, days) {
  const metres = sumKnown(days.map((day) => day.distance_m))
  const seconds = sumKnown(days.map((day) => day.moving_time_s))
  return {
    start,
    activities: days.reduce((sum, day) => sum + day.activity_count, 0),
    activeDays: days.filter((day) => day.activity_count > 0).length,
    kilometres: metres === null ? null : metres / 1000,
    hours: seconds === null ? null : seconds / 3600,
    heartRate: meanHeartRate(days),
  }
}

/** @param {readonly (number | null)[]} values */
function sumKnown(values) {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0)
}

/** @param {readonly Day[]} days */
function meanHeartRate(days) {
  let beats = 0
  let weight = 0
  for (const { heart_rate_mean_bpm: rate, moving_time_s: seconds } of days) {
    if (rate === null) continue
    beats += rate * (seconds ?? 1)
    weight += seconds ?? 1
  }
  return weight === 0 ? null : beats / weight
}

/**
 * The average of each value and those before it, `size` in all. `empty` says what a missing value counts as: zero for what
 * adds up (no training is zero kilometres), null for what is only known when measured.
 * @param {readonly (number | null)[]} values
 * @param {{ size: number, empty: 0 | null }} options
 * @returns {(number | null)[]}
 */
export function movingAverage(values, { size, empty }) {
  return values.map((_value, index) => {
    if (index + 1 < size) return null
    const known = values
      .slice(index + 1 - size, index + 1)
      .map((value) => value ?? empty)
      .filter((value) => value !== null)
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length
  })
}
