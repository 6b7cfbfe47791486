import type { Db } from '../../runtime/db.ts'
import { sql } from '../../runtime/sql.ts'

export interface ActivityToWrite {
  readonly id: string
  readonly localDay: string
  readonly sport: string
  readonly startedAt: Date
  readonly elapsedS: number | null
  readonly distanceM: number | null
  readonly energyKcal: number | null
  readonly heartRateMeanBpm: number | null
  readonly heartRateMaxBpm: number | null
  readonly device: string | null
}

/** Those with a known start: a track without one cannot be written as TCX. */
export async function listActivities(db: Db, userId: string): Promise<readonly ActivityToWrite[]> {
  const { rows } = await db.query<ActivityToWrite>(sql`
    select id, local_day::text as "localDay", sport, started_at as "startedAt", elapsed_time_s as "elapsedS",
      distance_m::float8 as "distanceM", energy_kcal::float8 as "energyKcal", heart_rate_mean_bpm::float8 as "heartRateMeanBpm",
      heart_rate_max_bpm::float8 as "heartRateMaxBpm", device_name as device
    from public.activities where user_id = ${userId}::uuid and started_at is not null order by started_at, id`)
  return rows
}

interface Series {
  readonly kind: string
  readonly offsets: readonly number[]
  readonly values: readonly (number | null)[]
}

async function readSeries(db: Db, userId: string, activityId: string): Promise<readonly Series[]> {
  const { rows } = await db.query<Series>(sql`
    select kind, offsets_s as offsets, "values"::float8[] as values from public.activity_streams
    where user_id = ${userId}::uuid and activity_id = ${activityId}::uuid order by kind`)
  return rows
}

/** A Training Center Database, version 2: one lap with everything that was recorded. */
export async function writeTcx(db: Db, userId: string, activity: ActivityToWrite): Promise<string> {
  const start = activity.startedAt.toISOString()
  const track = trackOf(activity.startedAt, await readSeries(db, userId, activity.id))
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<TrainingCenterDatabase xmlns="http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"><Activities>',
    `<Activity Sport="${sportOf(activity.sport)}"><Id>${start}</Id><Lap StartTime="${start}">`,
    `<TotalTimeSeconds>${activity.elapsedS ?? 0}</TotalTimeSeconds>`,
    `<DistanceMeters>${activity.distanceM ?? 0}</DistanceMeters>`,
    `<Calories>${Math.min(65_535, Math.round(activity.energyKcal ?? 0))}</Calories>`,
    heartRate('AverageHeartRateBpm', activity.heartRateMeanBpm),
    heartRate('MaximumHeartRateBpm', activity.heartRateMaxBpm),
    '<Intensity>Active</Intensity><TriggerMethod>Manual</TriggerMethod>',
    ...(track.length === 0 ? [] : ['<Track>', ...track, '</Track>']),
    `</Lap><Notes>${escapeXml(activity.device ?? activity.sport)}</Notes></Activity>`,
    '</Activities></TrainingCenterDatabase>\n',
  ].join('\n')
}

/** The schema knows three. */
function sportOf(sport: string): 'Running' | 'Biking' | 'Other' {
  if (/(^|_)run$/.test(sport)) return 'Running'
  return /(^|_)ride$/.test(sport) ? 'Biking' : 'Other'
}

function heartRate(element: string, bpm: number | null): string {
  return bpm === null ? '' : `<${element}><Value>${Math.min(255, Math.round(bpm))}</Value></${element}>`
}

/** In the order that the schema demands. */
const POINT: readonly (readonly [kind: string, write: (value: number) => string])[] = [
  ['altitude_m', (value) => `<AltitudeMeters>${value}</AltitudeMeters>`],
  ['distance_m', (value) => `<DistanceMeters>${value}</DistanceMeters>`],
  ['heart_rate_bpm', (value) => heartRate('HeartRateBpm', value)],
  ['cadence_rpm', (value) => `<Cadence>${Math.min(254, Math.round(value))}</Cadence>`],
]

function trackOf(startedAt: Date, series: readonly Series[]): string[] {
  const points = new Map<number, Map<string, number>>()
  for (const { kind, offsets, values } of series)
    for (const [index, offset] of offsets.entries()) {
      const value = values[index]
      if (value === null || value === undefined) continue
      const point = points.get(offset) ?? new Map<string, number>()
      point.set(kind, value)
      points.set(offset, point)
    }
  return [...points]
    .toSorted(([one], [other]) => one - other)
    .map(([offset, point]) => pointOf(startedAt, offset, point))
}

function pointOf(startedAt: Date, offset: number, point: ReadonlyMap<string, number>): string {
  const known = POINT.map(([kind, write]) => {
    const value = point.get(kind)
    return value === undefined ? '' : write(value)
  })
  const [speed, watts] = [point.get('speed_m_per_s'), point.get('power_w')]
  const more = [
    speed === undefined ? '' : `<Speed>${speed}</Speed>`,
    watts === undefined ? '' : `<Watts>${Math.round(watts)}</Watts>`,
  ].join('')
  const extensions =
    more === ''
      ? ''
      : `<Extensions><TPX xmlns="http://www.garmin.com/xmlschemas/ActivityExtension/v2">${more}</TPX></Extensions>`
  const time = new Date(startedAt.getTime() + offset * 1000).toISOString()
  return `<Trackpoint><Time>${time}</Time>${known.join('')}${extensions}</Trackpoint>`
}

export function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '')
    .replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
