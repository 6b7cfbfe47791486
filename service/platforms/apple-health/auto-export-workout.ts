import type { ActivityStreamRecord, Records } from '../records.ts'
import { findWorkoutProblem, toActivity } from './activity.ts'
import { readNumber } from './health-record.ts'
import { type Moment, parseMoment } from './moments.ts'
import type { RoutePoint } from './route-points.ts'
import { toRouteStreams } from './route-streams.ts'
import type { Dimension } from './units.ts'
import { openWorkoutNumbers, type WorkoutNumbers } from './workout-numbers.ts'

type Json = Readonly<Record<string, unknown>>

export interface AutoExportWorkout extends Pick<Records, 'activities' | 'activityStreams'> {
  /** What of it could not be read. */
  readonly leftOut: readonly string[]
}

/** Versions 1 (no id, no duration) and 2. What the lists in it hold (steps, energy by the minute) comes as metrics too and is not counted twice. */
export function normalizeAutoExportWorkout(workout: Json): AutoExportWorkout | { readonly problem: string } {
  const [start, end] = [parseMoment(workout['start']), parseMoment(workout['end'])]
  const problem = findWorkoutProblem(start, end)
  if (problem !== undefined || start === undefined || end === undefined)
    return { problem: `workout: ${problem ?? 'no times'}` }
  const { name, id, duration, location, isIndoor } = workout
  const sourceSport = typeof name === 'string' && name !== '' ? name.slice(0, 1000) : 'Other'
  const sourceId =
    typeof id === 'string' && id !== '' ? id.slice(0, 100).toLowerCase() : identify(sourceSport, start, end)
  const numbers = openWorkoutNumbers()
  const activity = toActivity({
    ...readTotals(workout, numbers),
    sourceId,
    sourceSport,
    start,
    end,
    durationS: numbers.number('duration', duration),
    indoor: isIndoor === true || location === 'Indoor',
    hasRoute: Array.isArray(workout['route']) && workout['route'].length > 0,
  })
  const activityStreams = readStreams(workout, { sourceId, start: start.at })
  return { activities: [activity], activityStreams, leftOut: numbers.leftOut() }
}

function identify(sport: string, start: Moment, end: Moment): string {
  return ['hae', sport, start.at.toISOString(), end.at.toISOString()].join('|')
}

function readTotals(workout: Json, numbers: WorkoutNumbers) {
  const quantity = (name: string, dimension: Dimension, ...values: unknown[]) =>
    values.map((value) => readQuantity(value, { name, dimension, numbers })).find((amount) => amount !== undefined)
  const heartRate = asObject(workout['heartRate'])
  const elevation = asObject(workout['elevation'])
  const ascent = elevation && { qty: elevation['ascent'], units: elevation['units'] }
  return {
    distanceM: quantity('distance', 'length', workout['distance']),
    energyKcal: quantity('energy', 'energy', workout['activeEnergyBurned'], workout['activeEnergy']),
    elevationGainM: quantity('elevation', 'length', workout['elevationUp'], ascent),
    meanSpeedMPerS: quantity('avgSpeed', 'speed', workout['avgSpeed'], workout['speed']),
    maxSpeedMPerS: quantity('maxSpeed', 'speed', workout['maxSpeed']),
    heartRateMeanBpm: quantity('avgHeartRate', 'rate', heartRate?.['avg'], workout['avgHeartRate']),
    heartRateMaxBpm: quantity('maxHeartRate', 'rate', heartRate?.['max'], workout['maxHeartRate']),
  }
}

function readQuantity(
  value: unknown,
  { name, dimension, numbers }: { name: string; dimension: Dimension; numbers: WorkoutNumbers },
): number | undefined {
  const quantity = asObject(value) ?? { qty: value }
  return numbers.amount(name, { value: quantity['qty'], unit: quantity['units'], dimension })
}

function readStreams(workout: Json, at: { sourceId: string; start: Date }): ActivityStreamRecord[] {
  const route = (Array.isArray(workout['route']) ? workout['route'] : []).map(toPoint)
  const heartRate = readHeartRates(workout['heartRateData'], at)
  return [...heartRate, ...toRouteStreams(route, at).streams]
}

/** Version 1 has `lat` and `lon`; what is made into series has the same names in both. */
function toPoint(item: unknown): RoutePoint {
  const point = asObject(item) ?? {}
  const text = (value: unknown) => (typeof value === 'number' ? { value: String(value) } : undefined)
  const [altitude, speed] = [text(point['altitude']), text(point['speed'])]
  return {
    ...(typeof point['timestamp'] === 'string' && { time: point['timestamp'] }),
    ...(altitude && { altitude: altitude.value }),
    ...(speed && { speed: speed.value }),
  }
}

function readHeartRates(list: unknown, { sourceId, start }: { sourceId: string; start: Date }): ActivityStreamRecord[] {
  const bySecond = new Map<number, number>()
  for (const item of Array.isArray(list) ? list : []) {
    const point = asObject(item) ?? {}
    const at = parseMoment(point['date'])?.at.getTime()
    const value = readNumber(point['Avg'] ?? point['qty'])
    const second = at === undefined ? -1 : Math.floor((at - start.getTime()) / 1000)
    if (value !== undefined && second >= 0 && second < 31 * 86_400) bySecond.set(second, value)
  }
  const offsetsS = [...bySecond.keys()].toSorted((a, b) => a - b)
  if (offsetsS.length === 0) return []
  const values = offsetsS.map((second) => bySecond.get(second) ?? null)
  return [{ sourceId, kind: 'heart_rate_bpm', unit: '/min', offsetsS, values }]
}

function asObject(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
}
