import { instantOf, type Place } from './places.ts'
import { type Random, seeded } from './random.ts'
import { fitness, isPaused, isWinter, whereabouts } from './season.ts'
import { SPORTS, type Sport } from './sports.ts'

export type Purpose = 'easy' | 'long' | 'workout' | 'race'
export type Visibility = 'everyone' | 'followers_only' | 'only_me'

/** One training as it happened; what Strava makes of it is `summary.ts`. */
export interface Session {
  readonly athleteId: number
  readonly dayNumber: number
  /** Which of the day's. */
  readonly index: number
  readonly sport: Sport
  readonly purpose: Purpose
  readonly place: Place
  readonly startsAtMs: number
  readonly movingSeconds: number
  readonly elapsedSeconds: number
  readonly distanceM: number
  readonly climbM: number
  /** Typed in by hand: no device, no measurements. */
  readonly manual: boolean
  readonly hasHeartRate: boolean
  readonly startHidden: boolean
  readonly visibility: Visibility
}

interface Slot {
  readonly sport: Sport
  readonly inWinter?: Sport
  readonly probability: number
  readonly minutes: number
  readonly hour: number
  readonly purpose?: Purpose
}

/** Sunday first. */
const WEEK: readonly (readonly Slot[])[] = [
  [
    { sport: 'Run', probability: 0.85, minutes: 88, hour: 9, purpose: 'long' },
    { sport: 'Walk', probability: 0.25, minutes: 45, hour: 16 },
  ],
  [
    { sport: 'WeightTraining', probability: 0.5, minutes: 45, hour: 18 },
    { sport: 'Walk', probability: 0.25, minutes: 32, hour: 12 },
  ],
  [{ sport: 'Run', probability: 0.85, minutes: 46, hour: 18 }],
  [{ sport: 'Ride', inWinter: 'VirtualRide', probability: 0.7, minutes: 72, hour: 17, purpose: 'workout' }],
  [
    { sport: 'Run', probability: 0.8, minutes: 50, hour: 6, purpose: 'workout' },
    { sport: 'Walk', probability: 0.15, minutes: 30, hour: 12 },
  ],
  [
    { sport: 'Swim', probability: 0.55, minutes: 42, hour: 7 },
    { sport: 'Walk', probability: 0.2, minutes: 35, hour: 19 },
  ],
  [
    { sport: 'Ride', inWinter: 'TrailRun', probability: 0.6, minutes: 130, hour: 8, purpose: 'long' },
    { sport: 'Hike', inWinter: 'Walk', probability: 0.3, minutes: 140, hour: 14 },
  ],
]
const WHILE_PAUSED: readonly Sport[] = ['Walk', 'Swim']
const ABROAD: readonly Sport[] = ['Run', 'TrailRun', 'Swim', 'Walk', 'Hike']

/** What the athlete did that day, in order; the same whenever one asks. */
export function sessionsOf(athleteId: number, dayNumber: number): Session[] {
  const { place, onHoliday } = whereabouts(athleteId, dayNumber)
  const paused = isPaused(athleteId, dayNumber)
  // 1970-01-01 was a Thursday.
  const slots = WEEK[(dayNumber + 4) % 7] ?? []
  return slots.flatMap((slot, index) => {
    const random = seeded('session', athleteId, dayNumber, index)
    const sport = slot.inWinter !== undefined && isWinter(place, dayNumber) ? slot.inWinter : slot.sport
    if (!random.chance(paused ? slot.probability / 2 : slot.probability)) return []
    if (paused && !WHILE_PAUSED.includes(sport)) return []
    if (onHoliday && !ABROAD.includes(sport)) return []
    return [train({ athleteId, dayNumber, index, sport, place, slot, random })]
  })
}

/** A run that ends at `endsAtMs`, for the control route. */
export function runEndingAt(options: { athleteId: number; index: number; endsAtMs: number }): Session {
  const { athleteId, index, endsAtMs } = options
  const dayNumber = Math.floor(endsAtMs / 86_400_000)
  const { place } = whereabouts(athleteId, dayNumber)
  const random = seeded('now', athleteId, dayNumber, index)
  const slot: Slot = { sport: 'Run', probability: 1, minutes: 48, hour: 0 }
  const session = train({ athleteId, dayNumber, index, sport: 'Run', place, slot, random })
  const startsAtMs = Math.floor(endsAtMs / 1000) * 1000 - session.elapsedSeconds * 1000
  return { ...session, startsAtMs, manual: false, hasHeartRate: true, startHidden: false, visibility: 'everyone' }
}

interface Training extends Pick<Session, 'athleteId' | 'dayNumber' | 'index' | 'sport' | 'place'> {
  readonly slot: Slot
  readonly random: Random
}

function train({ slot, random, ...identity }: Training): Session {
  const { athleteId, dayNumber, place, sport } = identity
  const purpose = slot.purpose === 'long' && sport === 'Run' && random.chance(0.05) ? 'race' : (slot.purpose ?? 'easy')
  const form = fitness(athleteId, dayNumber)
  const movingSeconds = Math.round(slot.minutes * 60 * form * random.between(0.7, 1.25))
  const speed = SPORTS[sport].speedMPerS * form * random.between(0.94, 1.07) * (purpose === 'race' ? 1.1 : 1)
  const distanceM = Math.round(movingSeconds * speed * 10) / 10
  const secondOfDay = Math.round(slot.hour * 3600 + random.between(-1800, 3600))
  return {
    ...identity,
    purpose,
    startsAtMs: instantOf({ dayNumber, secondOfDay }, place.timeZone),
    movingSeconds,
    elapsedSeconds: movingSeconds + (random.chance(0.3) ? 0 : random.whole(8, Math.ceil(movingSeconds / 9))),
    distanceM,
    climbM: Math.round((distanceM / 1000) * SPORTS[sport].climbMPerKm * random.between(0.5, 1.5) * 10) / 10,
    ...oddities(random),
  }
}

/** The rare cases that a reader of real data meets sooner or later. */
function oddities(random: Random): Pick<Session, 'manual' | 'hasHeartRate' | 'startHidden' | 'visibility'> {
  const manual = random.chance(0.012)
  const draw = random.next()
  return {
    manual,
    hasHeartRate: !manual && random.chance(0.91),
    startHidden: random.chance(0.012),
    visibility: draw < 0.035 ? 'only_me' : draw < 0.16 ? 'followers_only' : 'everyone',
  }
}
