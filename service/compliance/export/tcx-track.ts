import type { Db } from '../../runtime/db.ts'
import { sql } from '../../runtime/sql.ts'

export interface TrackPoint {
  readonly at: Date
  /** The element. */
  readonly text: string
}

interface Series {
  readonly kind: string
  readonly offsets: readonly number[]
  readonly values: readonly (number | null)[]
}

/** The series of an activity as the points of a track, in the order of time. */
export async function readTrack(
  db: Db,
  userId: string,
  { id, startedAt }: { id: string; startedAt: Date },
): Promise<readonly TrackPoint[]> {
  const { rows } = await db.query<Series>(sql`
    select kind, offsets_s as offsets, "values"::float8[] as values from public.activity_streams
    where user_id = ${userId}::uuid and activity_id = ${id}::uuid order by kind`)
  return [...byOffset(rows)]
    .toSorted(([one], [other]) => one - other)
    .map(([offset, point]) => writePoint(new Date(startedAt.getTime() + offset * 1000), point))
}

function byOffset(series: readonly Series[]): ReadonlyMap<number, ReadonlyMap<string, number>> {
  const points = new Map<number, Map<string, number>>()
  for (const { kind, offsets, values } of series)
    for (const [index, offset] of offsets.entries()) {
      const value = values[index]
      if (value === null || value === undefined) continue
      const point = points.get(offset) ?? new Map<string, number>()
      point.set(kind, value)
      points.set(offset, point)
    }
  return points
}

type Element = readonly [kind: string, write: (value: number) => string]

/** In the order that the schema demands. */
const POINT: readonly Element[] = [
  ['altitude_m', (value) => `<AltitudeMeters>${value}</AltitudeMeters>`],
  ['distance_m', (value) => `<DistanceMeters>${value}</DistanceMeters>`],
  ['heart_rate_bpm', (value) => heartRate('HeartRateBpm', value)],
  ['cadence_rpm', (value) => `<Cadence>${within(value, 254)}</Cadence>`],
]
const EXTENSION: readonly Element[] = [
  ['speed_m_per_s', (value) => `<Speed>${value}</Speed>`],
  ['running_cadence_rpm', (value) => `<RunCadence>${within(value, 254)}</RunCadence>`],
  ['power_w', (value) => `<Watts>${within(value, 65_535)}</Watts>`],
]

function writePoint(at: Date, point: ReadonlyMap<string, number>): TrackPoint {
  const known = (elements: readonly Element[]) =>
    elements
      .map(([kind, write]) => {
        const value = point.get(kind)
        return value === undefined ? '' : write(value)
      })
      .join('')
  const more = known(EXTENSION)
  const extensions =
    more === ''
      ? ''
      : `<Extensions><TPX xmlns="http://www.garmin.com/xmlschemas/ActivityExtension/v2">${more}</TPX></Extensions>`
  return { at, text: `<Trackpoint><Time>${at.toISOString()}</Time>${known(POINT)}${extensions}</Trackpoint>` }
}

/** The schema has no heart that stands still: a sensor that lost contact says 0. */
export function heartRate(element: string, bpm: number | null): string {
  const value = within(bpm ?? 0, 255)
  return value < 1 ? '' : `<${element}><Value>${value}</Value></${element}>`
}

function within(value: number, most: number): number {
  return Math.max(0, Math.min(most, Math.round(value)))
}
