import type { Db } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'
import type { ConnectionKey } from './services.ts'

export async function hasUnprocessedRaw(db: Db, { userId, platform }: ConnectionKey): Promise<boolean> {
  const { rows } = await db.query<{ waiting: boolean }>(sql`
    select exists (
      select 1 from public.raw_fitness_data r
      where r.user_id = ${userId}::uuid and r.platform = ${platform} and r.processed_at is null
    ) as waiting`)
  return rows[0]?.waiting ?? false
}

/** The last activity that was looked at; empty at the start. */
export interface EnrichmentCursor {
  readonly localDay?: string
  readonly sourceId?: string
  readonly done?: number
  /** Kinds that the platform does not offer to this person: not asked for again. */
  readonly refused?: readonly string[]
}

interface NextToEnrich {
  readonly localDay: string
  readonly sourceId: string
  readonly done: number
  readonly remaining: number
}

/** The newest activity behind the cursor whose details were never fetched. */
export async function findNextToEnrich(
  db: Db,
  { userId, platform, cursor, days }: ConnectionKey & { cursor: EnrichmentCursor; days: number },
): Promise<NextToEnrich | undefined> {
  const { rows } = await db.query<NextToEnrich>(sql`
    select a.local_day::text as "localDay", a.source_id as "sourceId", ${(cursor.done ?? 0) + 1}::integer as done,
      (count(*) over () - 1)::integer as remaining
    from public.activities a
    where a.user_id = ${userId}::uuid and a.platform = ${platform} and a.details_observed_at is null
      and a.local_day > (now() - make_interval(days => ${days}::integer))::date
      and (${cursor.localDay ?? null}::date is null
        or (a.local_day, a.source_id) < (${cursor.localDay ?? null}::date, ${cursor.sourceId ?? ''}::text))
    order by a.local_day desc, a.source_id desc
    limit 1`)
  return rows[0]
}

/** An activity that is here, of the last `days` days, and which of these kinds of payload were never fetched for it; undefined: none. */
export async function findToEnrich(
  db: Db,
  { userId, platform }: ConnectionKey,
  { sourceId, days, dataTypes }: { sourceId: string; days: number; dataTypes: readonly string[] },
): Promise<{ localDay: string; lacking: readonly string[] } | undefined> {
  const { rows } = await db.query<{ localDay: string; lacking: readonly string[] }>(sql`
    select a.local_day::text as "localDay", array(
      select t from unnest(${dataTypes}::text[]) as t where not exists (
        select from public.raw_fitness_data r
        where r.user_id = a.user_id and r.platform = a.platform and r.data_type = t and r.metadata ->> 'source_id' = a.source_id)) as lacking
    from public.activities a
    where a.user_id = ${userId}::uuid and a.platform = ${platform} and a.source_id = ${sourceId}
      and a.local_day > (now() - make_interval(days => ${days}::integer))::date`)
  return rows[0]?.lacking.length === 0 ? undefined : rows[0]
}

/** Whether a payload about it is not a row yet; one that could not be made into rows for ten minutes is waited for no more. */
export async function isOnItsWay(db: Db, { userId, platform }: ConnectionKey, sourceId: string): Promise<boolean> {
  const { rowCount } = await db.query(sql`
    select from public.raw_fitness_data r
    where r.user_id = ${userId}::uuid and r.platform = ${platform} and r.processed_at is null
      and r.created_at > now() - interval '10 minutes' and r.metadata ->> 'source_id' = ${sourceId} limit 1`)
  return rowCount > 0
}
