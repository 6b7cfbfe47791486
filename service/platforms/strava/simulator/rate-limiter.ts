import type { RateLimits } from './options.ts'

const QUARTER_HOUR_MS = 900_000
const DAY_MS = 86_400_000

export interface RateLimiter {
  /** Counts one request, also when it is refused, and answers the headers that go with it. */
  count(kind: 'read' | 'other'): { refused: boolean; headers: Readonly<Record<string, string>> }
}

/** The application's limits: natural quarter hours and UTC days (developers.strava.com/docs/rate-limits). */
export function createRateLimiter(limits: RateLimits, now: () => Date): RateLimiter {
  const overall = counter(now)
  const read = counter(now)
  return {
    count(kind) {
      const [quarter, day] = overall(1)
      const [readQuarter, readDay] = read(kind === 'read' ? 1 : 0)
      const overallRefused = quarter > limits.overall15Minutes || day > limits.overallDay
      const readRefused = readQuarter > limits.read15Minutes || readDay > limits.readDay
      const headers = {
        'x-ratelimit-limit': `${limits.overall15Minutes},${limits.overallDay}`,
        'x-ratelimit-usage': `${quarter},${day}`,
        'x-readratelimit-limit': `${limits.read15Minutes},${limits.readDay}`,
        'x-readratelimit-usage': `${readQuarter},${readDay}`,
      }
      return { refused: overallRefused || (kind === 'read' && readRefused), headers }
    },
  }
}

/** Adds to the current quarter hour's and day's counts and answers both. */
function counter(now: () => Date): (added: number) => [quarter: number, day: number] {
  let [quarterCount, dayCount, lastQuarter, lastDay] = [0, 0, 0, 0]
  return (added) => {
    const quarter = Math.floor(now().getTime() / QUARTER_HOUR_MS)
    const day = Math.floor(now().getTime() / DAY_MS)
    quarterCount = (quarter === lastQuarter ? quarterCount : 0) + added
    dayCount = (day === lastDay ? dayCount : 0) + added
    lastQuarter = quarter
    lastDay = day
    return [quarterCount, dayCount]
  }
}
