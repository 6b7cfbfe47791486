import type { ActivityStreamRecord, Records } from '../records.ts'
import { findWorkoutProblem, toActivity } from './activity.ts'
import { readNumber } from './health-record.ts'
import { type Moment, parseMoment } from './moments.ts'
import type { RoutePoint } from './route-points.ts'
import { toRouteStreams } from './route-streams.ts'
import { convert, type Dimension } from './units.ts'

type Json = Readonly<Record<string, unknown>>

/** Versions 1 (no id, no duration) and 2. What the lists in it hold (steps, energy by the minute) comes as metrics too and is not counted twice. */
export function normalizeAutoExportWorkout(
  workout: Json,
): Pick<Records, 'activities' | 'activityStreams'> | { readonly problem: string } {
  const [start, end] = [parseMoment(workout['start']), parseMoment(workout['end'])]
  const problem = findWorkoutProblem(start, end)
  if (problem !== undefined || start === undefined || end === undefined)
    return { problem: `workout: ${problem ?? 'no times'}` }
  const { name, id, duration, location, isIndoor } = workout
  const sourceSport = typeof name === 'string' && name !== '' ? name.slice(0, 1000) : 'Other'
  const sourceId =
    typeof id === 'string' && id !== '' ? id.slice(0, 100).toLowerCase() : identify(sourceSport, start, end)
  const seconds = readNumber(duration)
  const activity = toActivity({
    ...readTotals(workout),
    sourceId,
    sourceSport,
    start,
    end,
    durationS: seconds,
    indoor: isIndoor === true || location === 'Indoor',
    hasRoute: Array.isArray(workout['route']) && workout['route'].length > 0,
  })
  return { activities: [activity], activityStreams: readStreams(workout, { sourceId, start: start.at }) }
}

function identify(sport: string, start: Moment, end: Moment): string {
  return ['hae', sport, start.at.toISOString(), end.at.toISOString()].join('|')
}

function readTotals(workout: Json) {
  const quantity = (dimension: Dimension, ...values: unknown[]) => {
    for (const value of values) {
      const amount = readQuantity(value, dimension)
      if (amount !== undefined) return amount
    }
    return undefined
  }
  const heartRate = asObject(workout['heartRate'])
  const elevation = asObject(workout['elevation'])
  const ascent = elevation && { qty: elevation['ascent'], units: elevation['units'] }
  return {
    distanceM: quantity('length', workout['distance']),
    energyKcal: quantity('energy', workout['activeEnergyBurned'], workout['activeEnergy']),
    elevationGainM: quantity('length', workout['elevationUp'], ascent),
    meanSpeedMPerS: quantity('speed', workout['avgSpeed'], workout['speed']),
    maxSpeedMPerS: quantity('speed', workout['maxSpeed']),
    heartRateMeanBpm: quantity('rate', heartRate?.['avg'], workout['avgHeartRate']),
    heartRateMaxBpm: quantity('rate', heartRate?.['max'], workout['maxHeartRate']),
  }
}

function readQuantity(value: unknown, dimension: Dimension): number | undefined {
  const quantity = asObject(value)
  const number = readNumber(quantity?.['qty'])
  const units = quantity?.['units']
  return number === undefined || typeof units !== 'string' ? undefined : convert(number, units, { dimension, base: 1 })
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
