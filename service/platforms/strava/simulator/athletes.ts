import type { Entry } from './activities.ts'
import { decimal, type JsonObject, readNumber, readText } from './json.ts'
import { seeded } from './random.ts'
import { DAY_MS, homeOf } from './season.ts'
import { profileOf } from './sports.ts'

const FIRST_NAMES = ['Robin', 'Alex', 'Sam', 'Kim', 'Noor', 'Mika', 'Jules', 'Toni', 'Sasha', 'Charlie'] as const
const LAST_NAMES = ['Example', 'Sample', 'Tester', 'Demo', 'Placeholder', 'Specimen'] as const

export function nameOf(athleteId: number): { firstname: string; lastname: string } {
  const random = seeded('name', athleteId)
  return { firstname: random.pick(FIRST_NAMES), lastname: random.pick(LAST_NAMES) }
}

/** SummaryAthlete: what the token answer holds. */
export function summaryAthlete(athleteId: number): JsonObject {
  const random = seeded('athlete', athleteId)
  const city = homeOf(athleteId).timeZone.replace(/^.*\//, '').replace('_', ' ')
  return {
    id: athleteId,
    username: `athlete_${athleteId}`,
    resource_state: 2,
    ...nameOf(athleteId),
    bio: null,
    city,
    state: null,
    country: null,
    sex: random.pick(['F', 'M', null] as const),
    premium: true,
    summit: true,
    created_at: '2014-03-09T08:15:02Z',
    updated_at: '2025-09-27T12:57:32Z',
    badge_type_id: 1,
    weight: decimal(random.between(52, 92)),
    profile_medium: `https://example.com/athletes/${athleteId}/medium.jpg`,
    profile: `https://example.com/athletes/${athleteId}/large.jpg`,
    friend: null,
    follower: null,
  }
}

/** DetailedAthlete: for `profile:read_all`. */
export function detailedAthlete(athleteId: number): JsonObject {
  const more = {
    resource_state: 3,
    follower_count: 21,
    friend_count: 28,
    measurement_preference: 'meters',
    ftp: 212,
    clubs: [],
  }
  const bike = {
    id: `b${1_000_000 + athleteId}`,
    primary: true,
    name: 'Road bike',
    resource_state: 2,
    distance: 1_204_000,
  }
  const shoe = {
    id: `g${1_000_000 + athleteId}`,
    primary: true,
    name: 'Daily trainer',
    resource_state: 2,
    distance: 481_000,
  }
  return { ...summaryAthlete(athleteId), ...more, bikes: [bike], shoes: [shoe] }
}

/** Five heart-rate zones; the last has no upper end, which Strava writes as -1. */
export function zonesOf(athleteId: number): JsonObject {
  const maximum = seeded('zones', athleteId).whole(178, 196)
  const edges = [0, 0.6, 0.74, 0.82, 0.9].map((share) => Math.round(share * maximum))
  return {
    heart_rate: { custom_zones: false, zones: edges.map((min, index) => ({ min, max: edges[index + 1] ?? -1 })) },
  }
}

/** Totals of what everyone may see: of four weeks, of the year, of all. */
export function statsOf(entries: readonly Entry[], now: Date): JsonObject {
  const seen = entries
    .map((entry) => ({ startsAtMs: entry.startsAtMs, activity: entry.summary() }))
    .filter(({ activity }) => activity['visibility'] === 'everyone')
  const periods = { recent: now.getTime() - 28 * DAY_MS, ytd: Date.UTC(now.getUTCFullYear(), 0), all: 0 }
  const kinds = { run: 'Run', ride: 'Ride', swim: 'Swim' }
  const totals = Object.entries(periods).flatMap(([period, fromMs]) =>
    Object.entries(kinds).map(([kind, type]) => {
      const counted = seen.filter(
        ({ startsAtMs, activity }) =>
          startsAtMs >= fromMs && profileOf(readText(activity, 'sport_type'))?.type === type,
      )
      return [`${period}_${kind}_totals`, total(counted.map(({ activity }) => activity))] as const
    }),
  )
  return Object.fromEntries(totals)
}

function total(activities: readonly JsonObject[]): JsonObject {
  const sum = (field: string) => activities.reduce((before, activity) => before + (readNumber(activity, field) ?? 0), 0)
  return {
    count: activities.length,
    distance: sum('distance'),
    moving_time: sum('moving_time'),
    elapsed_time: sum('elapsed_time'),
    elevation_gain: sum('total_elevation_gain'),
  }
}
