import type { TestDatabase } from './database.ts'
import { ADA } from './people.ts'

export interface Workout {
  readonly id: string
  readonly platform?: string
  readonly sport?: string
  readonly started_at?: string | null
  readonly elapsed_time_s?: number
  readonly distance_m?: number | null
  readonly device_name?: string
  readonly parent_source_id?: string
  readonly counted?: boolean
}

export const RUN = {
  sport: 'run',
  started_at: '2026-03-01T07:00:00Z',
  elapsed_time_s: 3600,
  distance_m: 10_000,
} as const

/** Ada, and three platforms that may be combined. */
export async function prepareMerging(db: TestDatabase): Promise<void> {
  await db.admin.query(
    "insert into platforms (id, display_name) values ('garmin', ''), ('strava', ''), ('apple-health', '')",
  )
  await db.admin.query('insert into app_users (user_id) values ($1)', [ADA])
}

/** What is not said is as in RUN, by Garmin. */
export async function insertWorkouts(db: TestDatabase, workouts: readonly Workout[]): Promise<void> {
  const rows = workouts.map((workout) => ({ platform: 'garmin', counted: true, ...RUN, ...workout }))
  await db.service.query(
    `insert into activities (user_id, platform, source_id, sport, source_sport, local_day, started_at, ended_at, elapsed_time_s,
       moving_time_s, distance_m, device_name, parent_source_id, counted, raw_id, raw_created_at, observed_at)
     select $1, w.platform, w.id, w.sport, w.sport, coalesce(w.started_at::date, '2026-03-01'), w.started_at,
       w.started_at + make_interval(secs => w.elapsed_time_s), w.elapsed_time_s, w.elapsed_time_s, w.distance_m, w.device_name,
       w.parent_source_id, w.counted, gen_random_uuid(), now(), now()
     from jsonb_to_recordset($2::jsonb) as w (id text, platform text, sport text, started_at timestamptz, elapsed_time_s integer,
       distance_m numeric, device_name text, parent_source_id text, counted boolean)`,
    [ADA, JSON.stringify(rows)],
  )
}

/** Merges these days anew; what is shown, each with the records behind it: `garmin 1 + strava 2`. */
export async function mergeWorkouts(
  db: TestDatabase,
  days: readonly string[] = ['2026-02-28', '2026-03-01', '2026-03-02'],
): Promise<readonly string[]> {
  await db.service.query('select ops.rebuild_daily_summaries($1, $2::date[])', [ADA, days])
  const { rows } = await db.hasura.query<{ records: string }>(`
    select string_agg(o.platform || ' ' || o.source_id, ' + ' order by position) as records
    from merged_activities m cross join jsonb_array_elements(m.sources) with ordinality as s (source, position)
    join activities o on o.id = (source ->> 'activity_id')::uuid
    group by m.id order by 1`)
  return rows.map(({ records }) => records)
}
