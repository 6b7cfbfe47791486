import { type Json, type JsonObject, readId, readNumber, readPosition } from './json.ts'
import { seeded } from './random.ts'
import { loopRoute, type Position } from './route-line.ts'

/** The streams of an activity by key, all of one length (at most 3 600); none for what was typed in by hand. */
export function streamsOf(activity: JsonObject): ReadonlyMap<string, readonly Json[]> {
  const movingSeconds = readNumber(activity, 'moving_time') ?? 0
  if (activity['manual'] === true || movingSeconds < 2) return new Map()
  const count = streamLength(movingSeconds)
  const shares = Array.from({ length: count }, (_, index) => index / (count - 1))
  const streams = { ...timeAndPlace(activity, shares, movingSeconds), ...measured(activity, shares) }
  return new Map(Object.entries(streams).filter(([, values]) => values !== undefined) as [string, Json[]][])
}

/** One point a second, up to an hour's worth. */
export function streamLength(movingSeconds: number): number {
  return Math.min(3600, movingSeconds + 1)
}

type Streams = Readonly<Record<string, readonly Json[] | undefined>>

/** A course in waves: how far one is (0 to 1) at a share of the moving time, and how fast relative to the mean. */
interface Course {
  readonly covered: (share: number) => number
  readonly pace: (share: number) => number
}

function courseOf(activity: JsonObject): Course {
  const random = seeded('course', readId(activity))
  const [depth, waves] = [random.between(0.04, 0.16), random.whole(3, 12)]
  const turn = 2 * Math.PI * waves
  return {
    covered: (share) => share + (depth * (1 - Math.cos(turn * share))) / turn,
    pace: (share) => 1 + depth * Math.sin(turn * share),
  }
}

function timeAndPlace(activity: JsonObject, shares: readonly number[], movingSeconds: number): Streams {
  const course = courseOf(activity)
  const covered = shares.map(course.covered)
  const pauseSeconds = Math.max(0, (readNumber(activity, 'elapsed_time') ?? movingSeconds) - movingSeconds)
  const distanceM = readNumber(activity, 'distance') ?? 0
  const meanSpeed = distanceM / movingSeconds
  const route = routeOf(activity, distanceM)
  return {
    // A device that pauses itself records nothing meanwhile: one gap, half-way.
    time: shares.map((share) => Math.round(share * movingSeconds) + (share > 0.5 ? pauseSeconds : 0)),
    distance: distanceM === 0 ? undefined : covered.map((share) => round(share * distanceM, 1)),
    velocity_smooth: distanceM === 0 ? undefined : shares.map((share) => round(course.pace(share) * meanSpeed, 2)),
    latlng: route === undefined ? undefined : covered.map(route),
    ...altitudeAndGrade(activity, covered),
    moving: shares.map(() => true),
  }
}

function routeOf(activity: JsonObject, distanceM: number): ((share: number) => Position) | undefined {
  const from = readPosition(activity, 'start_latlng')
  return from === undefined || distanceM === 0 ? undefined : loopRoute({ seed: readId(activity), from, distanceM })
}

function altitudeAndGrade(activity: JsonObject, covered: readonly number[]): Streams {
  const [high, low] = [readNumber(activity, 'elev_high'), readNumber(activity, 'elev_low')]
  const distanceM = readNumber(activity, 'distance') ?? 0
  if (high === undefined || low === undefined || high <= low || distanceM === 0) return {}
  const hills = Math.max(1, Math.round((readNumber(activity, 'total_elevation_gain') ?? 0) / (high - low)))
  const turn = 2 * Math.PI * hills
  return {
    altitude: covered.map((share) => round(low + ((high - low) * (1 - Math.cos(turn * share))) / 2, 1)),
    grade_smooth: covered.map((share) => round((50 * (high - low) * turn * Math.sin(turn * share)) / distanceM, 1)),
  }
}

function measured(activity: JsonObject, shares: readonly number[]): Streams {
  const random = seeded('measured', readId(activity))
  const waves = random.whole(2, 9) * 2 * Math.PI
  const swing = (share: number) => Math.sin(waves * share)
  const around = (field: string, depth: number) => {
    const mean = readNumber(activity, field)
    return mean === undefined
      ? undefined
      : shares.map((share) => Math.round(mean * (1 + depth * swing(share)) + random.between(-0.5, 0.5)))
  }
  const [mean, maximum] = [readNumber(activity, 'average_heartrate'), readNumber(activity, 'max_heartrate')]
  const temperature = readNumber(activity, 'average_temp')
  return {
    heartrate:
      mean === undefined || maximum === undefined
        ? undefined
        : shares.map((share) => Math.round(mean + (maximum - mean) * swing(share))),
    cadence: around('average_cadence', 0.03),
    watts: around('average_watts', 0.25),
    temp: temperature === undefined ? undefined : shares.map(() => temperature),
  }
}

/** As often as there are points: text in between, as `toFixed` makes it, costs ten times as much. */
function round(value: number, digits: number): number {
  const scale = 10 ** digits
  return Math.round(value * scale) / scale
}
