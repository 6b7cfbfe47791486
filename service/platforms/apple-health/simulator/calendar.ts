/** A clock of the generator's own: it shares nothing with the code that reads what it writes. */

const DAY_MS = 86_400_000

/** Of the Americas' east: second Sunday of March, 2:00, to first Sunday of November, 2:00. */
export function newYorkOffsetHours(instantMs: number): number {
  const year = new Date(instantMs).getUTCFullYear()
  const starts = Date.UTC(year, 2, sunday(year, 2, 2), 7)
  const ends = Date.UTC(year, 10, sunday(year, 10, 1), 6)
  return instantMs >= starts && instantMs < ends ? -4 : -5
}

function sunday(year: number, month: number, nth: number): number {
  const first = new Date(Date.UTC(year, month, 1)).getUTCDay()
  return 1 + ((7 - first) % 7) + (nth - 1) * 7
}

/** `2024-03-10 01:59:59 -0500` */
export function appleTime(instantMs: number, offsetHours: number): string {
  const text = new Date(instantMs + offsetHours * 3_600_000).toISOString()
  const sign = offsetHours < 0 ? '-' : '+'
  return `${text.slice(0, 10)} ${text.slice(11, 19)} ${sign}${String(Math.abs(offsetHours)).padStart(2, '0')}00`
}

export function dayAt(instantMs: number, offsetHours: number): string {
  return new Date(instantMs + offsetHours * 3_600_000).toISOString().slice(0, 10)
}

/** Midnight in the Americas' east of a day counted from the first. */
export function newYorkMidnight(firstDay: string, dayNumber: number): number {
  const utc = Date.parse(`${firstDay}T00:00:00Z`) + dayNumber * DAY_MS
  return utc - newYorkOffsetHours(utc + 5 * 3_600_000 - 1) * 3_600_000
}

/** Mulberry32: the same seed, the same years. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
