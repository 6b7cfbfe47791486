export interface Place {
  readonly timeZone: string
  readonly latitude: number
  readonly longitude: number
  readonly altitudeM: number
}

const place = (timeZone: string, [latitude, longitude]: readonly [number, number], altitudeM: number): Place => ({
  timeZone,
  latitude,
  longitude,
  altitudeM,
})

export const HOMES: readonly [Place, ...Place[]] = [
  place('Europe/Berlin', [52.51, 13.37], 38),
  place('America/New_York', [40.77, -73.97], 18),
  place('Europe/London', [51.5, -0.16], 22),
  place('Australia/Sydney', [-33.87, 151.22], 30),
  place('America/Denver', [39.75, -105.0], 1608),
  place('Asia/Tokyo', [35.68, 139.75], 20),
]

export const HOLIDAY_PLACES: readonly [Place, ...Place[]] = [
  place('Atlantic/Canary', [28.1, -15.43], 25),
  place('America/St_Johns', [47.56, -52.71], 60),
  place('Asia/Kathmandu', [27.71, 85.32], 1310),
  place('Europe/Lisbon', [38.71, -9.14], 45),
  place('Pacific/Auckland', [-36.85, 174.76], 35),
  place('America/Los_Angeles', [34.02, -118.49], 28),
]

const DAY_MS = 86_400_000

/** Seconds to add to UTC for the wall time there at that instant, daylight saving included. */
export function offsetSeconds(timeZone: string, instantMs: number): number {
  const dayNumber = Math.floor(instantMs / DAY_MS)
  const key = `${timeZone} ${dayNumber}`
  // Ten years ask ten thousand times; only on two days a year does the answer depend on the hour.
  const known = offsetsOfDays.get(key) ?? offsetOfDay(timeZone, dayNumber)
  offsetsOfDays.set(key, known)
  return known === 'changes' ? askForOffset(timeZone, instantMs) : known
}

const offsetsOfDays = new Map<string, number | 'changes'>()

function offsetOfDay(timeZone: string, dayNumber: number): number | 'changes' {
  const atStart = askForOffset(timeZone, dayNumber * DAY_MS)
  return atStart === askForOffset(timeZone, (dayNumber + 1) * DAY_MS) ? atStart : 'changes'
}

function askForOffset(timeZone: string, instantMs: number): number {
  const name = formatterOf(timeZone)
    .formatToParts(instantMs)
    .find((part) => part.type === 'timeZoneName')?.value
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)/.exec(name ?? '') ?? []
  const seconds = Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60
  return sign === '-' ? -seconds : seconds
}

/** The instant of a wall time; one that the clocks skip in spring becomes an instant beside the gap. */
export function instantOf(wall: { dayNumber: number; secondOfDay: number }, timeZone: string): number {
  const asIfUtc = wall.dayNumber * DAY_MS + wall.secondOfDay * 1000
  const guess = asIfUtc - offsetSeconds(timeZone, asIfUtc) * 1000
  return asIfUtc - offsetSeconds(timeZone, guess) * 1000
}

/** As Strava writes it: the offset in front never has daylight saving, `(GMT-05:00) America/New_York`. */
export function timeZoneLabel(timeZone: string, instantMs: number): string {
  const year = new Date(instantMs).getUTCFullYear()
  const standard = Math.min(offsetSeconds(timeZone, Date.UTC(year, 0)), offsetSeconds(timeZone, Date.UTC(year, 6)))
  const twoDigits = (value: number) => String(Math.floor(value)).padStart(2, '0')
  const size = Math.abs(standard)
  return `(GMT${standard < 0 ? '-' : '+'}${twoDigits(size / 3600)}:${twoDigits((size % 3600) / 60)}) ${timeZone}`
}

const formatters = new Map<string, Intl.DateTimeFormat>()
function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone)
  if (known !== undefined) return known
  // Making one costs a hundred times as much as using it.
  const made = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
  formatters.set(timeZone, made)
  return made
}
