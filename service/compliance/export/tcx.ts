import type { Db } from '../../runtime/db.ts'
import { sql } from '../../runtime/sql.ts'
import { heartRate, readTrack, type TrackPoint } from './tcx-track.ts'

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

type Lap = Pick<ActivityToWrite, 'startedAt' | 'elapsedS' | 'distanceM' | 'heartRateMeanBpm' | 'heartRateMaxBpm'>

async function readLaps(db: Db, userId: string, activityId: string): Promise<readonly Lap[]> {
  const { rows } = await db.query<Lap>(sql`
    select started_at as "startedAt", elapsed_time_s::float8 as "elapsedS", distance_m::float8 as "distanceM",
      heart_rate_mean_bpm::float8 as "heartRateMeanBpm", heart_rate_max_bpm::float8 as "heartRateMaxBpm"
    from public.activity_laps where user_id = ${userId}::uuid and activity_id = ${activityId}::uuid and started_at is not null
    order by started_at, lap_number`)
  return rows
}

/** A Training Center Database, version 2: the laps with everything that was recorded, or one lap where the platform told of none. */
export async function writeTcx(db: Db, userId: string, activity: ActivityToWrite): Promise<string> {
  const track = await readTrack(db, userId, activity)
  const laps = withBeginning(activity, await readLaps(db, userId, activity.id))
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<TrainingCenterDatabase xmlns="http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"><Activities>',
    `<Activity Sport="${sportOf(activity.sport)}"><Id>${activity.startedAt.toISOString()}</Id>`,
    ...laps.map((lap, index) =>
      // The schema wants calories of each lap and platforms tell them of the whole: with the first, so that the sum is right.
      writeLap(lap, index === 0 ? activity.energyKcal : 0, pointsOf(track, { laps, index })),
    ),
    `<Notes>${escapeXml(activity.device ?? activity.sport)}</Notes></Activity>`,
    '</Activities></TrainingCenterDatabase>\n',
  ].join('\n')
}

/** What was recorded before the first lap is a lap, too. */
function withBeginning(activity: ActivityToWrite, laps: readonly Lap[]): readonly Lap[] {
  const [first] = laps
  if (first === undefined) return [activity]
  const beforeS = (first.startedAt.getTime() - activity.startedAt.getTime()) / 1000
  if (beforeS < 1) return laps
  const unknown = { distanceM: null, heartRateMeanBpm: null, heartRateMaxBpm: null }
  return [{ startedAt: activity.startedAt, elapsedS: beforeS, ...unknown }, ...laps]
}

/** A point belongs to the last lap that had begun. */
function pointsOf(
  track: readonly TrackPoint[],
  { laps, index }: { laps: readonly Lap[]; index: number },
): readonly TrackPoint[] {
  const from = index === 0 ? Number.NEGATIVE_INFINITY : (laps[index]?.startedAt.getTime() ?? 0)
  const to = laps[index + 1]?.startedAt.getTime() ?? Number.POSITIVE_INFINITY
  return track.filter(({ at }) => at.getTime() >= from && at.getTime() < to)
}

function writeLap(lap: Lap, energyKcal: number | null, points: readonly TrackPoint[]): string {
  return [
    `<Lap StartTime="${lap.startedAt.toISOString()}">`,
    `<TotalTimeSeconds>${lap.elapsedS ?? 0}</TotalTimeSeconds>`,
    `<DistanceMeters>${lap.distanceM ?? 0}</DistanceMeters>`,
    `<Calories>${Math.min(65_535, Math.round(energyKcal ?? 0))}</Calories>`,
    heartRate('AverageHeartRateBpm', lap.heartRateMeanBpm),
    heartRate('MaximumHeartRateBpm', lap.heartRateMaxBpm),
    '<Intensity>Active</Intensity><TriggerMethod>Manual</TriggerMethod>',
    ...(points.length === 0 ? [] : ['<Track>', ...points.map(({ text }) => text), '</Track>']),
    '</Lap>',
  ]
    .filter((line) => line !== '')
    .join('\n')
}

/** The schema knows three. */
function sportOf(sport: string): 'Running' | 'Biking' | 'Other' {
  if (/(^|_)run$/.test(sport)) return 'Running'
  return /(^|_)ride$/.test(sport) ? 'Biking' : 'Other'
}

export function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '')
    .replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
