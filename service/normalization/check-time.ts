// Before the first wearable, and a day ahead for clocks that run fast; outside, a sample would have a partition of its own made.
const EARLIEST = Date.UTC(1970, 0, 1)
const LARGEST_OFFSET_SECONDS = 64_800
const DAY_MS = 86_400_000
const DAY = /^\d{4}-\d{2}-\d{2}$/

/** No measurement of anybody's comes near it, in any unit used here. */
export const LARGEST_VALUE = 1e9

export interface TimeLimits {
  readonly latestMs: number
  readonly longestMs: number
  readonly offset: number | null
  readonly name: string
}

export function findTimeProblem(
  { startedAt, endedAt }: { startedAt: Date; endedAt: Date },
  { latestMs, longestMs, offset, name }: TimeLimits,
): string | undefined {
  const [startMs, endMs] = [startedAt.getTime(), endedAt.getTime()]
  if (Number.isNaN(startMs) || Number.isNaN(endMs)) return `${name}: not a time`
  if (endMs < startMs) return `${name}: ends before it starts`
  if (startMs < EARLIEST || startMs > latestMs) return `${name}: starts before 1970 or in the future`
  if (endMs - startMs > longestMs) return `${name}: too long`
  if (offset !== null && !(Math.abs(offset) <= LARGEST_OFFSET_SECONDS)) return `${name}: offset beyond 18 hours`
  return undefined
}

/** A day that the calendar does not have, before 1970, or not begun anywhere by `latestMs`. */
export function isDayWrong(day: string | undefined, latestMs: number): boolean {
  if (day === undefined) return false
  const parsed = new Date(`${day}T00:00:00Z`)
  if (!DAY.test(day) || Number.isNaN(parsed.getTime()) || parsed.toISOString().slice(0, 10) !== day) return true
  return parsed.getTime() < EARLIEST || parsed.getTime() > latestMs + DAY_MS
}
