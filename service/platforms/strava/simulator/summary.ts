import { decimal, type Json, type JsonObject } from './json.ts'
import { offsetSeconds, timeZoneLabel } from './places.ts'
import { seeded } from './random.ts'
import { encodePolyline, loopRoute, type Position, pointsAlong } from './route-line.ts'
import { dayText } from './season.ts'
import { SPORTS } from './sports.ts'
import type { Session } from './training-plan.ts'

/** Grows with time and is unique among athletes 1 to 99 999 with at most a thousand activities a day. */
export function activityIdOf({
  athleteId,
  dayNumber,
  index,
}: Pick<Session, 'athleteId' | 'dayNumber' | 'index'>): number {
  return (dayNumber * 1000 + index) * 100_000 + athleteId
}

/** A session as an item of Strava's activity list: SummaryActivity of developers.strava.com/docs/reference, and what the wire adds. */
export function summaryOf(session: Session): JsonObject {
  const id = activityIdOf(session)
  return {
    resource_state: 2,
    athlete: { id: session.athleteId, resource_state: 1 },
    ...identity(session, id),
    ...times(session),
    location_city: null,
    location_state: null,
    location_country: null,
    ...popularity(session),
    ...whereAndHow(session, id),
    ...measurements(session),
    ...origin(session, id),
  }
}

function identity(session: Session, id: number): JsonObject {
  const { type, title } = SPORTS[session.sport]
  const hour = new Date(
    session.startsAtMs + offsetSeconds(session.place.timeZone, session.startsAtMs) * 1000,
  ).getUTCHours()
  const partOfDay = hour < 11 ? 'Morning' : hour < 14 ? 'Lunch' : hour < 18 ? 'Afternoon' : 'Evening'
  const codes = { easy: null, race: 1, long: 2, workout: 3 }
  const coded = type === 'Run' ? { workout_type: codes[session.purpose] } : {}
  return {
    id,
    name: session.purpose === 'race' ? 'Race day' : `${partOfDay} ${title}`,
    type,
    sport_type: session.sport,
    ...coded,
  }
}

function times(session: Session): JsonObject {
  const { timeZone } = session.place
  const offset = offsetSeconds(timeZone, session.startsAtMs)
  const text = (instantMs: number) => `${new Date(instantMs).toISOString().slice(0, 19)}Z`
  // Who hides the start time gets this second of the local day in both fields (changelog of 2024-07-03).
  const hidden = `${dayText(session.dayNumber)}T00:00:01Z`
  return {
    distance: decimal(session.distanceM),
    moving_time: session.movingSeconds,
    elapsed_time: session.elapsedSeconds,
    total_elevation_gain: sometimesWhole(session.climbM, session),
    start_date: session.startHidden ? hidden : text(session.startsAtMs),
    start_date_local: session.startHidden ? hidden : text(session.startsAtMs + offset * 1000),
    timezone: timeZoneLabel(timeZone, session.startsAtMs),
    utc_offset: decimal(offset),
  }
}

/** Strava writes a whole number now with, now without its decimal point. */
function sometimesWhole(value: number, session: Session): Json {
  return session.dayNumber % 3 === 0 ? Math.round(value) : decimal(value)
}

function popularity(session: Session): JsonObject {
  const random = seeded('kudos', session.athleteId, session.dayNumber, session.index)
  const counted = session.visibility === 'only_me' ? 0 : random.whole(0, 14)
  return {
    achievement_count: random.whole(0, 4),
    kudos_count: counted,
    comment_count: Math.floor(counted / 5),
    athlete_count: session.purpose === 'race' ? random.whole(40, 900) : random.whole(1, 3),
    photo_count: 0,
    total_photo_count: random.chance(0.15) ? random.whole(1, 4) : 0,
    pr_count: random.chance(0.1) ? 1 : 0,
    has_kudoed: false,
    suffer_score: session.hasHeartRate
      ? decimal(Math.round((session.movingSeconds / 60) * random.between(0.5, 1.6)))
      : null,
    from_accepted_tag: false,
  }
}

function whereAndHow(session: Session, id: number): JsonObject {
  const { gear } = SPORTS[session.sport]
  const route = routeOf(session, id)
  return {
    map: {
      id: `a${id}`,
      summary_polyline: route === undefined ? '' : encodePolyline(pointsAlong(route, 40)),
      resource_state: 2,
    },
    trainer: session.sport === 'VirtualRide',
    commute: false,
    manual: session.manual,
    private: session.visibility === 'only_me',
    visibility: session.visibility,
    flagged: false,
    hide_from_home: false,
    gear_id: gear === null ? null : `${gear}${1_000_000 + session.athleteId}`,
    start_latlng: route === undefined ? [] : route(0),
    end_latlng: route === undefined ? [] : route(0.998),
  }
}

function routeOf(session: Session, id: number): ((share: number) => Position) | undefined {
  if (!SPORTS[session.sport].outdoors || session.manual) return undefined
  // People have a handful of habitual starts around the place where they live.
  const random = seeded('start', session.athleteId, session.place.timeZone, id % 5)
  const { latitude, longitude } = session.place
  const from: Position = [latitude + random.between(-0.02, 0.02), longitude + random.between(-0.02, 0.02)]
  return loopRoute({ seed: String(id), from, distanceM: session.distanceM })
}

function measurements(session: Session): JsonObject {
  const sport = SPORTS[session.sport]
  const random = seeded('measured', session.athleteId, session.dayNumber, session.index)
  const mean = session.distanceM / session.movingSeconds
  const fastest = mean === 0 ? 0 : mean * random.between(1.25, 1.9) + 1
  const speed = { average_speed: decimal(mean, 3), max_speed: sometimesWhole(fastest, session) }
  if (session.manual)
    return { ...speed, has_heartrate: false, heartrate_opt_out: false, display_hide_heartrate_option: false }
  const winterC = Math.cos(((session.dayNumber - 15) / 365.25) * 2 * Math.PI) * (session.place.latitude > 0 ? -9 : 9)
  return {
    ...speed,
    ...(sport.cadenceRpm === null ? {} : { average_cadence: decimal(sport.cadenceRpm * random.between(0.95, 1.05)) }),
    ...(sport.outdoors ? { average_temp: Math.round(13 + winterC + random.between(-4, 4)) } : {}),
    ...power(session, random.between(0.85, 1.2)),
    ...heartRate(session, random.between(0.93, 1.06)),
    ...heights(session),
  }
}

function power(session: Session, form: number): JsonObject {
  const { powerW } = SPORTS[session.sport]
  if (powerW === null) return {}
  const watts = powerW * form
  const measured = session.sport === 'VirtualRide'
  const meter = { max_watts: Math.round(watts * 2.6), weighted_average_watts: Math.round(watts * 1.08) }
  const kilojoules = decimal((watts * session.movingSeconds) / 1000)
  return { average_watts: decimal(watts), ...(measured ? meter : {}), device_watts: measured, kilojoules }
}

function heartRate(session: Session, form: number): JsonObject {
  const shown = { heartrate_opt_out: false, display_hide_heartrate_option: session.hasHeartRate }
  if (!session.hasHeartRate) return { has_heartrate: false, ...shown }
  const effort = { easy: 0.97, long: 1, workout: 1.05, race: 1.12 }[session.purpose]
  const mean = SPORTS[session.sport].heartRateBpm * form * effort
  return {
    has_heartrate: true,
    average_heartrate: decimal(mean),
    max_heartrate: decimal(Math.round(mean * 1.14)),
    ...shown,
  }
}

/** As many equal hills as fit, so that their sum is the climb. */
function heights(session: Session): JsonObject {
  if (!SPORTS[session.sport].outdoors || session.climbM === 0) return {}
  const hills = Math.max(1, Math.round(session.distanceM / 2500))
  const low = session.place.altitudeM
  return { elev_high: decimal(low + session.climbM / hills), elev_low: decimal(low) }
}

function origin(session: Session, id: number): JsonObject {
  if (session.manual) return { upload_id: null, external_id: null }
  const uploadId = id + 1_083_654_000
  const external = `garmin_ping_${uploadId * 3}`
  return {
    upload_id: uploadId,
    upload_id_str: String(uploadId),
    external_id: external,
    device_name: 'Garmin Forerunner 965',
  }
}
