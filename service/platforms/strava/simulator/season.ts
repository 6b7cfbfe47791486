import { HOLIDAY_PLACES, HOMES, type Place } from './places.ts'
import { seeded } from './random.ts'

export const DAY_MS = 86_400_000

/** YYYY-MM-DD of a day counted from 1970-01-01. */
export function dayText(dayNumber: number): string {
  return new Date(dayNumber * DAY_MS).toISOString().slice(0, 10)
}

export function homeOf(athleteId: number): Place {
  return HOMES[(athleteId - 1) % HOMES.length] ?? HOMES[0]
}

/** Where the athlete is that day: at home, or abroad in one of two holidays a year. */
export function whereabouts(athleteId: number, dayNumber: number): { place: Place; onHoliday: boolean } {
  const year = new Date(dayNumber * DAY_MS).getUTCFullYear()
  const random = seeded('holidays', athleteId, year)
  const newYear = Date.UTC(year, 0) / DAY_MS
  const holidays = [
    { place: random.pick(HOLIDAY_PLACES), from: newYear + random.whole(60, 110), days: random.whole(6, 9) },
    { place: random.pick(HOLIDAY_PLACES), from: newYear + random.whole(185, 225), days: random.whole(10, 16) },
  ]
  const current = holidays.find(({ from, days }) => dayNumber >= from && dayNumber < from + days)
  return { place: current?.place ?? homeOf(athleteId), onHoliday: current !== undefined }
}

export function isWinter(place: Place, dayNumber: number): boolean {
  const month = new Date(dayNumber * DAY_MS).getUTCMonth()
  return place.latitude > 0 ? month <= 1 || month >= 10 : month >= 4 && month <= 7
}

/** Injured or ill: in about three of ten quarters, for ten days to five weeks. */
export function isPaused(athleteId: number, dayNumber: number): boolean {
  const quarter = Math.floor(dayNumber / 91)
  const random = seeded('pause', athleteId, quarter)
  if (!random.chance(0.3)) return false
  const from = quarter * 91 + random.whole(0, 55)
  return dayNumber >= from && dayNumber < from + random.whole(10, 35)
}

/** About 0.85 for a beginner to 1.15: grows by the year and swings with the season, best in early autumn. */
export function fitness(athleteId: number, dayNumber: number): number {
  const started = Date.UTC(2010 + (athleteId % 7), 0) / DAY_MS
  const years = Math.max(0, (dayNumber - started) / 365.25)
  const swing = Math.cos(((dayNumber - 255) / 365.25) * 2 * Math.PI)
  return 0.85 + 0.25 * (1 - Math.exp(-years / 7)) + 0.03 * swing
}
