const HOUR_S = 3600
const BERLIN_WINTER_S = HOUR_S
const BERLIN_SUMMER_S = 2 * HOUR_S
const AUCKLAND_S = 12 * HOUR_S
const HONOLULU_S = -10 * HOUR_S

/** What the person's device shows: at home in Berlin, in July in New Zealand and then, over the date line, in Hawaii. */
export function offsetAt(second: number): number {
  const year = new Date(second * 1000).getUTCFullYear()
  if (second >= Date.UTC(year, 6, 10, 12) / 1000 && second < Date.UTC(year, 6, 20, 12) / 1000) return AUCKLAND_S
  if (second >= Date.UTC(year, 6, 20, 12) / 1000 && second < Date.UTC(year, 7, 1, 12) / 1000) return HONOLULU_S
  const isSummer = second >= lastSunday(year, 2) && second < lastSunday(year, 9)
  return isSummer ? BERLIN_SUMMER_S : BERLIN_WINTER_S
}

/** Europe changes its clocks at 01:00 UTC. */
function lastSunday(year: number, month: number): number {
  const last = new Date(Date.UTC(year, month + 1, 0))
  return Date.UTC(year, month, last.getUTCDate() - last.getUTCDay(), 1) / 1000
}

export function dateAt(second: number): string {
  return new Date((second + offsetAt(second)) * 1000).toISOString().slice(0, 10)
}

export function hourAt(second: number): number {
  return new Date((second + offsetAt(second)) * 1000).getUTCHours()
}
