const LOCALE = 'en-GB'
const day = new Intl.DateTimeFormat(LOCALE, { weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC' })
const dayAndYear = new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' })
const month = new Intl.DateTimeFormat(LOCALE, { month: 'long', year: 'numeric', timeZone: 'UTC' })
const time = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit' })

/**
 * @param {number} value
 * @param {number} [digits]  After the decimal point.
 */
export function formatNumber(value, digits = 0) {
  return value.toLocaleString(LOCALE, { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

/**
 * "Tue, 4 Nov" or "November 2026".
 * @param {number} seconds  Since 1970, of a day's or month's start in UTC.
 * @param {'day' | 'month'} by
 */
export function formatStart(seconds, by) {
  return (by === 'day' ? day : month).format(seconds * 1000)
}

/** @param {number} seconds  Since 1970. */
export function formatDate(seconds) {
  return dayAndYear.format(seconds * 1000)
}

/** @param {string} instant */
export function formatMonth(instant) {
  return month.format(new Date(instant))
}

/** @param {string} instant */
export function formatTime(instant) {
  return time.format(new Date(instant))
}

/**
 * "1 h 05 min", "42 min".
 * @param {number} seconds
 */
export function formatDuration(seconds) {
  const minutes = Math.round(seconds / 60)
  const hours = Math.floor(minutes / 60)
  return hours === 0 ? `${minutes} min` : `${hours} h ${String(minutes % 60).padStart(2, '0')} min`
}

/**
 * "1 activity", "2 activities".
 * @param {number} count
 * @param {string} one
 * @param {string} many
 */
export function formatCount(count, one, many) {
  return `${formatNumber(count)} ${count === 1 ? one : many}`
}
