import type { ActivityStreamRecord } from '../records.ts'
import { readNumber } from './health-record.ts'
import { parseMoment } from './moments.ts'
import type { RoutePoint } from './route-points.ts'

const STREAMS = [
  { key: 'altitude', kind: 'altitude_m', unit: 'm', least: Number.NEGATIVE_INFINITY },
  // Below zero is how Core Location says that it does not know.
  { key: 'speed', kind: 'speed_m_per_s', unit: 'm/s', least: 0 },
] as const

/** Longer than any workout; an offset has to fit an integer. */
const LONGEST_S = 31 * 86_400

/**
 * The series of a route, one value a second. Positions stay in the raw payload and are not made into rows, as for every platform. Points
 * without a time (`unreadable`), or before the start or long after it (`elsewhere`), cannot be placed and are counted.
 */
export function toRouteStreams(
  points: readonly RoutePoint[],
  { sourceId, start }: { sourceId: string; start: Date },
): { streams: ActivityStreamRecord[]; unreadable: number; elsewhere: number } {
  const bySecond = new Map<number, RoutePoint>()
  let [unreadable, elsewhere] = [0, 0]
  for (const point of points) {
    const at = parseMoment(point.time)?.at.getTime()
    const second = at === undefined ? Number.NaN : Math.floor((at - start.getTime()) / 1000)
    if (at === undefined) unreadable += 1
    else if (second < 0 || second > LONGEST_S) elsewhere += 1
    else if (!bySecond.has(second)) bySecond.set(second, point)
  }
  const seconds = [...bySecond.keys()].toSorted((a, b) => a - b)
  const streams = STREAMS.map(({ key, kind, unit, least }) => ({
    sourceId,
    kind,
    unit,
    offsetsS: seconds,
    values: seconds.map((second) => {
      const value = readNumber(bySecond.get(second)?.[key])
      return value !== undefined && value >= least ? value : null
    }),
  }))
  return { streams: streams.filter(({ values }) => values.some((value) => value !== null)), unreadable, elsewhere }
}
