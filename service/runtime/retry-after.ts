const SECOND_MS = 1_000
/** A platform that asks for more is asked again after this long all the same. */
const AT_MOST_S = 24 * 60 * 60

/**
 * How many seconds an answer asks to wait (RFC 9110, section 10.2.3: seconds, or a date). A date is read against the
 * answer's own `Date` where there is one, so that a clock that differs from ours does not matter. Undefined when the
 * header is absent or unreadable.
 */
export function readRetryAfter(headers: Headers, now: Date): number | undefined {
  const value = headers.get('retry-after')?.trim() ?? ''
  if (/^\d+$/.test(value)) return Math.min(Number(value), AT_MOST_S)
  // Only the forms of RFC 9110, section 5.6.7, begin with the name of a day.
  const at = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(value) ? Date.parse(value) : Number.NaN
  if (Number.isNaN(at)) return undefined
  const answered = Date.parse(headers.get('date') ?? '')
  const from = Number.isNaN(answered) ? now.getTime() : answered
  return Math.min(Math.max(Math.ceil((at - from) / SECOND_MS), 0), AT_MOST_S)
}
