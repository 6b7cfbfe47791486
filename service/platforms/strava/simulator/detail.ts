import { decimal, integer, isObject, type JsonObject, readId, readNumber, readPosition, readText } from './json.ts'
import { seeded } from './random.ts'
import { encodePolyline, loopRoute, pointsAlong } from './route-line.ts'
import { profileOf } from './sports.ts'
import { streamLength } from './streams.ts'

const MILE_M = 1609.344
const BEST_EFFORTS: readonly (readonly [name: string, distanceM: number])[] = [
  ['400m', 400],
  ['1/2 mile', MILE_M / 2],
  ['1K', 1000],
  ['1 mile', MILE_M],
  ['2 mile', 2 * MILE_M],
  ['5K', 5000],
  ['10K', 10_000],
  ['Half-Marathon', 21_097],
]
// Segment efforts passed 2^53 on the real Strava; the lowest digits are the ones a double loses.
const FIRST_EFFORT_ID = 3_455_410_000_000_000_001n

/** A summary with what only DetailedActivity has. */
export function detailOf(summary: JsonObject): JsonObject {
  const random = seeded('detail', readId(summary))
  const sport = profileOf(readText(summary, 'sport_type'))
  const minutes = (readNumber(summary, 'moving_time') ?? 0) / 60
  const manual = summary['manual'] === true
  return {
    ...summary,
    resource_state: 3,
    description: random.chance(0.2) ? 'Felt good.\r\nLegs a little heavy towards the end.' : null,
    calories: decimal(minutes * (sport?.kcalPerMinute ?? 7) * random.between(0.9, 1.1)),
    perceived_exertion: null,
    prefer_perceived_exertion: null,
    map: detailedMap(summary),
    laps: manual ? [] : partsOf(summary, sport?.lapM ?? Number.POSITIVE_INFINITY).map((part) => lap(summary, part)),
    ...(sport?.type === 'Run' && !manual ? runOnly(summary) : {}),
    segment_efforts: [],
    ...gear(summary),
    photos: { primary: null, count: 0 },
    stats_visibility: ['heart_rate', 'pace', 'power', 'speed', 'calories'].map((type) => ({
      type,
      visibility: 'everyone',
    })),
    hide_from_home: false,
    embed_token: random.whole(1e9, 9e9).toString(36),
    similar_activities: null,
    available_zones: summary['has_heartrate'] === true ? ['heartrate'] : [],
  }
}

function detailedMap(summary: JsonObject): JsonObject {
  const map = isObject(summary['map']) ? summary['map'] : {}
  const from = readPosition(summary, 'start_latlng')
  if (from === undefined) return { ...map, polyline: '', resource_state: 3 }
  const route = loopRoute({ seed: readId(summary), from, distanceM: readNumber(summary, 'distance') ?? 0 })
  return { ...map, polyline: encodePolyline(pointsAlong(route, 240)), resource_state: 3 }
}

function gear(summary: JsonObject): JsonObject {
  const id = readText(summary, 'gear_id')
  if (id === undefined) return {}
  return {
    gear: {
      id,
      primary: true,
      name: id.startsWith('b') ? 'Road bike' : 'Daily trainer',
      nickname: '',
      resource_state: 2,
      retired: false,
      distance: 1_204_000,
      converted_distance: decimal(1204),
    },
  }
}

interface Part {
  readonly number: number
  readonly distanceM: number
  readonly seconds: number
  /** Moving seconds before it. */
  readonly fromSeconds: number
}

/** Cuts an activity into parts of that length, the last one shorter; distances and seconds sum to the whole. */
function partsOf(summary: JsonObject, lengthM: number): Part[] {
  const totalM = readNumber(summary, 'distance') ?? 0
  const totalSeconds = readNumber(summary, 'moving_time') ?? 0
  const count = totalM === 0 ? 1 : Math.ceil(totalM / lengthM)
  const random = seeded('parts', readId(summary), lengthM)
  const weights = Array.from({ length: count }, (_, index) =>
    index < count - 1 ? random.between(0.94, 1.06) : totalM / lengthM - index || 1,
  )
  const weightSum = weights.reduce((sum, weight) => sum + weight, 0)
  let weightBefore = 0
  return weights.map((weight, index) => {
    const fromSeconds = Math.round((totalSeconds * weightBefore) / weightSum)
    weightBefore += weight
    const seconds = Math.round((totalSeconds * weightBefore) / weightSum) - fromSeconds
    const distanceM = index < count - 1 ? lengthM : totalM - (count > 1 ? (count - 1) * lengthM : 0)
    return { number: index + 1, distanceM, seconds, fromSeconds }
  })
}

function lap(summary: JsonObject, part: Part): JsonObject {
  const shifted = (field: string) =>
    `${new Date(Date.parse(readText(summary, field) ?? '') + part.fromSeconds * 1000).toISOString().slice(0, 19)}Z`
  const heart =
    summary['has_heartrate'] === true
      ? { average_heartrate: summary['average_heartrate'] ?? null, max_heartrate: summary['max_heartrate'] ?? null }
      : {}
  return {
    id: integer(partNumber(summary, part.number)),
    resource_state: 2,
    name: `Lap ${part.number}`,
    activity: { id: summary['id'] ?? null, visibility: summary['visibility'] ?? null, resource_state: 1 },
    athlete: summary['athlete'] ?? null,
    elapsed_time: part.seconds,
    moving_time: part.seconds,
    start_date: shifted('start_date'),
    start_date_local: shifted('start_date_local'),
    distance: decimal(part.distanceM, 2),
    average_speed: decimal(speed(part), 2),
    max_speed: summary['max_speed'] ?? null,
    lap_index: part.number,
    split: part.number,
    start_index: streamIndex(summary, part.fromSeconds),
    end_index: streamIndex(summary, part.fromSeconds + part.seconds),
    total_elevation_gain: 0,
    device_watts: summary['device_watts'] ?? false,
    ...heart,
  }
}

/** Where in the activity's streams that moving second is. */
function streamIndex(summary: JsonObject, seconds: number): number {
  const movingSeconds = readNumber(summary, 'moving_time') ?? 0
  return movingSeconds === 0 ? 0 : Math.round((seconds / movingSeconds) * (streamLength(movingSeconds) - 1))
}

/** A number of its own for each part of an activity, small enough that ids made from it stay below 2^63. */
function partNumber(summary: JsonObject, index: number): bigint {
  return ((BigInt(readId(summary)) * 100n) % 10n ** 17n) + BigInt(index)
}

const speed = (part: Part) => part.distanceM / Math.max(1, part.seconds)

function runOnly(summary: JsonObject): JsonObject {
  const split = (part: Part): JsonObject => ({
    split: part.number,
    distance: decimal(part.distanceM),
    elapsed_time: part.seconds,
    moving_time: part.seconds,
    elevation_difference: 0,
    average_speed: decimal(speed(part), 2),
    average_grade_adjusted_speed: decimal(speed(part), 2),
    ...(summary['has_heartrate'] === true ? { average_heartrate: summary['average_heartrate'] ?? null } : {}),
    pace_zone: 0,
  })
  return {
    splits_metric: partsOf(summary, 1000).map(split),
    splits_standard: partsOf(summary, MILE_M).map(split),
    best_efforts: bestEfforts(summary),
  }
}

function bestEfforts(summary: JsonObject): JsonObject[] {
  const distanceM = readNumber(summary, 'distance') ?? 0
  const movingSeconds = readNumber(summary, 'moving_time') ?? 0
  return BEST_EFFORTS.filter(([, effortM]) => effortM <= distanceM).map(([name, effortM], index) => {
    const seconds = Math.round(movingSeconds * (effortM / distanceM) * 0.96)
    return {
      id: integer(FIRST_EFFORT_ID + partNumber(summary, index * 2)),
      resource_state: 2,
      name,
      activity: { id: summary['id'] ?? null, visibility: summary['visibility'] ?? null, resource_state: 1 },
      athlete: summary['athlete'] ?? null,
      elapsed_time: seconds,
      moving_time: seconds,
      start_date: summary['start_date'] ?? null,
      start_date_local: summary['start_date_local'] ?? null,
      distance: Math.round(effortM),
      pr_rank: null,
      achievements: [],
      start_index: 0,
      end_index: streamIndex(summary, Math.round(movingSeconds * (effortM / distanceM))),
    }
  })
}
