import type { Db } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'
import type { ListedActivity, ListedDay, ListedSleep } from './list-records.ts'
import type { Difference } from './reconciliation-queries.ts'
import type { ConnectionKey } from './services.ts'

type Found = Omit<Difference, 'dataType'>

/** Which of the listed activities are not here, or are different here; what the list does not tell is null and not compared. */
export async function findActivityDifferences(
  db: Db,
  { userId, platform }: ConnectionKey,
  listed: readonly ListedActivity[],
): Promise<readonly Found[]> {
  const { rows } = await db.query<Found>(sql`
    select case when a.source_id is null then 'missing' else 'changed' end as kind, l.source_id as "sourceId",
      coalesce(l.started_at, a.started_at) as "happenedAt"
    from jsonb_to_recordset(${JSON.stringify(listed)}::jsonb) as l (source_id text, name text, source_sport text,
      started_at timestamptz, distance_m numeric, moving_time_s integer, elapsed_time_s integer)
    left join public.activities a on a.user_id = ${userId}::uuid and a.platform = ${platform} and a.source_id = l.source_id
    where a.source_id is null
      or l.name is distinct from coalesce(a.name, l.name) or l.source_sport <> a.source_sport or l.started_at <> a.started_at
      or abs(l.distance_m - a.distance_m) >= 0.1 or l.moving_time_s <> a.moving_time_s or l.elapsed_time_s <> a.elapsed_time_s`)
  return rows
}

/** The same of sleep, where all that is told is stored as it is. */
export async function findSleepDifferences(
  db: Db,
  { userId, platform }: ConnectionKey,
  listed: readonly ListedSleep[],
): Promise<readonly Found[]> {
  const { rows } = await db.query<Found>(sql`
    select case when s.source_id is null then 'missing' else 'changed' end as kind, l.source_id as "sourceId", l.started_at as "happenedAt"
    from jsonb_to_recordset(${JSON.stringify(listed)}::jsonb) as l (source_id text, started_at timestamptz, ended_at timestamptz,
      asleep_s integer, in_bed_s integer, awake_s integer, light_s integer, deep_s integer, rem_s integer)
    left join public.sleep_sessions s on s.user_id = ${userId}::uuid and s.platform = ${platform} and s.source_id = l.source_id
    where s.source_id is null
      or row(s.started_at, s.ended_at, s.asleep_s, s.in_bed_s, s.awake_s, s.light_s, s.deep_s, s.rem_s)
        is distinct from row(l.started_at, l.ended_at, l.asleep_s, l.in_bed_s, l.awake_s, l.light_s, l.deep_s, l.rem_s)`)
  return rows
}

/**
 * Days of which a number is not here or is another one here; missing are those of which none is here. Two documents may tell the same
 * number of one day: either is right.
 */
export async function findDayDifferences(
  db: Db,
  { userId, platform }: ConnectionKey,
  { listed, dataType }: { listed: readonly ListedDay[]; dataType: string },
): Promise<readonly Found[]> {
  const { rows } = await db.query<Found>(sql`
    with listed as (
      select l.day, l.kind, array_agg(l.value) as told
      from jsonb_to_recordset(${JSON.stringify(listed)}::jsonb) as l (day date, kind text, value numeric) group by 1, 2
    )
    select case when count(d.kind) = 0 then 'missing' else 'changed' end as kind, ${dataType} || ':' || l.day as "sourceId",
      l.day::timestamptz as "happenedAt"
    from listed l
    left join public.daily_metrics d on d.user_id = ${userId}::uuid and d.platform = ${platform} and d.local_day = l.day
      and d.kind = l.kind and not d.derived
    group by l.day having bool_or(d.kind is null or d.value <> all (l.told)) order by l.day`)
  return rows
}

export interface Unlisted {
  readonly from: Date
  readonly to: Date
  readonly listedIds: readonly string[]
}

/** What is here of a period and was not listed in it. Without a visible start nothing can be said. */
export async function findUnlistedActivities(
  db: Db,
  { userId, platform }: ConnectionKey,
  { from, to, listedIds }: Unlisted,
): Promise<readonly Found[]> {
  const { rows } = await db.query<Found>(sql`
    select 'deleted' as kind, a.source_id as "sourceId", a.started_at as "happenedAt" from public.activities a
    where a.user_id = ${userId}::uuid and a.platform = ${platform} and a.started_at >= ${from} and a.started_at <= ${to}
      and a.parent_source_id is null and a.source_id <> all (${listedIds}::text[])`)
  return rows
}

export async function findUnlistedSleep(
  db: Db,
  { userId, platform }: ConnectionKey,
  { from, to, listedIds }: Unlisted,
): Promise<readonly Found[]> {
  const { rows } = await db.query<Found>(sql`
    select 'deleted' as kind, s.source_id as "sourceId", s.started_at as "happenedAt" from public.sleep_sessions s
    where s.user_id = ${userId}::uuid and s.platform = ${platform} and s.started_at >= ${from} and s.ended_at <= ${to}
      and s.source_id <> all (${listedIds}::text[])`)
  return rows
}

/** What the list says was deleted, and is here. */
export async function findDeletedSleep(
  db: Db,
  { userId, platform }: ConnectionKey,
  deletedIds: readonly string[],
): Promise<readonly Found[]> {
  const { rows } = await db.query<Found>(sql`
    select 'deleted' as kind, s.source_id as "sourceId", s.started_at as "happenedAt", true as confirmed from public.sleep_sessions s
    where s.user_id = ${userId}::uuid and s.platform = ${platform} and s.source_id = any (${deletedIds}::text[])`)
  return rows
}
