import type { LongLists } from '../platforms/contract.ts'
import type { ActivityRecord, RejectedRecord } from '../platforms/records.ts'
import type { Db, Tx } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'
import type { RawKey } from './raw-key.ts'

export interface RawData {
  readonly userId: string
  readonly rawId: string
  readonly createdAt: string
  readonly platform: string
  readonly dataType: string
  /** JSON text: the driver would round large integers. */
  readonly text: string
  readonly metadata: Readonly<Record<string, unknown>>
  readonly receivedAt: string
}

export interface RawState {
  /** In the transaction that stored it, say: the event that tells of it comes after the fact. */
  readonly isProcessed: boolean
  /** As it rests: compressed. */
  readonly storedBytes: number
}

/** Without reading the payload. */
export async function findRawState(db: Db, { userId, createdAt, rawId }: RawKey): Promise<RawState | undefined> {
  const { rows } = await db.query<RawState>(sql`
    select r.processed_at is not null as "isProcessed", pg_column_size(r.raw_data) as "storedBytes"
    from public.raw_fitness_data r
    where r.user_id = ${userId}::uuid and r.created_at = ${createdAt}::timestamptz and r.id = ${rawId}::uuid`)
  return rows[0]
}

/** What is stored of a payload whose list is too long to be read at once: `text` is without it. */
export interface LongRawData extends RawData {
  readonly longList: string | null
}

/** `longLists`: which list of a kind of payload may be long, by platform and kind. */
export async function findRawData(
  db: Db,
  { userId, createdAt, rawId }: RawKey,
  { longLists, mostElements }: { longLists: Readonly<Record<string, LongLists>>; mostElements: number },
): Promise<LongRawData | undefined> {
  const { rows } = await db.query<LongRawData>(sql`
    select r.user_id as "userId", r.id as "rawId", r.created_at::text as "createdAt", r.platform, r.data_type as "dataType",
      case when r.metadata @> '{"kept_as_text": true}' then r.raw_data #>> '{}'
        when long.list is null then r.raw_data::text else (r.raw_data #- array['0', long.list])::text end as text,
      long.list as "longList", r.metadata, r.received_at::text as "receivedAt"
    from public.raw_fitness_data r
    left join lateral (
      select named.list
      from (select ${JSON.stringify(longLists)}::jsonb -> r.platform ->> r.data_type as list) as named
      -- Asked in this order, so that nothing short is unpacked.
      where case when named.list is null or pg_column_size(r.raw_data) < ${SHORT_BYTES}::integer then false
        when jsonb_typeof(r.raw_data) <> 'array' or jsonb_array_length(r.raw_data) <> 1 then false
        when jsonb_typeof(r.raw_data -> 0 -> named.list) is distinct from 'array' then false
        else jsonb_array_length(r.raw_data -> 0 -> named.list) > ${mostElements}::integer end
    ) as long on true
    where r.user_id = ${userId}::uuid and r.created_at = ${createdAt}::timestamptz and r.id = ${rawId}::uuid`)
  return rows[0]
}

/** As it rests: a thousand elements take more. */
const SHORT_BYTES = 4096

/** The elements of a long list, some at a time, as JSON lists. Reads in a transaction of its own until the last was taken. */
export async function readLongList(
  tx: Tx,
  { userId, createdAt, rawId, longList }: LongRawData,
  { atOnce, take }: { atOnce: number; take: (elements: string) => void },
): Promise<void> {
  await tx.query(sql`
    declare elements no scroll cursor for
    select e.value::text as text
    from public.raw_fitness_data r, jsonb_array_elements(r.raw_data -> 0 -> ${longList}::text) as e
    where r.user_id = ${userId}::uuid and r.created_at = ${createdAt}::timestamptz and r.id = ${rawId}::uuid`)
  for (;;) {
    const { rows } = await tx.query<{ text: string }>({ text: `fetch forward ${atOnce} from elements`, values: [] })
    if (rows.length === 0) return
    take(`[${rows.map(({ text }) => text).join(',')}]`)
  }
}

/** One writer for each person at a time; the lock ends with the transaction, also when the worker is killed. */
export async function lockPerson(tx: Tx, userId: string): Promise<void> {
  await tx.query(sql`select pg_advisory_xact_lock(hashtextextended(${`person:${userId}`}::text, 0))`)
}

/** Whether the person's consent to the platform stands, and it does so until the transaction ends. */
export async function lockConsent(tx: Tx, { userId, platform }: RawData): Promise<boolean> {
  const { rows } = await tx.query<{ agreed: boolean }>(sql`
    select ops.lock_consent(${userId}::uuid, ${platform}) as agreed`)
  return rows[0]?.agreed ?? false
}

interface DaysRow {
  readonly days: string[]
}

/** Answers the local days whose numbers may have changed. */
export async function storeActivities(
  tx: Tx,
  raw: RawData,
  activities: readonly ActivityRecord[],
): Promise<readonly string[]> {
  const { rows } = await tx.query<DaysRow>(sql`
    select ops.store_activities(${raw.userId}::uuid, ${raw.platform}, ${raw.rawId}::uuid, ${raw.createdAt}::timestamptz,
      ${raw.receivedAt}::timestamptz, ${JSON.stringify(activities)}::jsonb)::text[] as days`)
  return rows[0]?.days ?? []
}

/** Removes what is gone at the source and remembers it. Answers the days that changed. */
export async function deleteActivities(tx: Tx, raw: RawData, sourceIds: readonly string[]): Promise<readonly string[]> {
  const { rows } = await tx.query<DaysRow>(sql`
    with gone as (
      insert into ops.deleted_records as d (user_id, platform, source_id, observed_at)
      select ${raw.userId}::uuid, ${raw.platform}, source_id, ${raw.receivedAt}::timestamptz from unnest(${sourceIds}::text[]) as source_id
      on conflict (user_id, platform, record_type, source_id) do update set observed_at = greatest(d.observed_at, excluded.observed_at)
      returning source_id
    ), removed as (
      delete from public.activities a using gone
      where a.user_id = ${raw.userId}::uuid and a.platform = ${raw.platform} and a.source_id = gone.source_id
        and greatest(a.observed_at, a.details_observed_at) <= ${raw.receivedAt}::timestamptz
      returning a.local_day
    )
    select coalesce(array_agg(distinct local_day)::text[], '{}') as days from removed`)
  return rows[0]?.days ?? []
}

export async function rebuildDailyMetrics(tx: Tx, raw: RawData, localDays: readonly string[]): Promise<void> {
  await tx.query(sql`select ops.rebuild_daily_metrics(${raw.userId}::uuid, ${raw.platform}, ${localDays}::date[])`)
}

export async function storeRejections(tx: Tx, raw: RawData, rejected: readonly RejectedRecord[]): Promise<void> {
  await tx.query(sql`
    with gone as (
      delete from ops.rejected_records r
      where r.user_id = ${raw.userId}::uuid and r.raw_created_at = ${raw.createdAt}::timestamptz and r.raw_id = ${raw.rawId}::uuid
        and not (r.position = any (${rejected.map((record) => record.position)}::integer[]))
    )
    insert into ops.rejected_records (user_id, raw_created_at, raw_id, position, reason)
    select ${raw.userId}::uuid, ${raw.createdAt}::timestamptz, ${raw.rawId}::uuid, r.position, r.reason
    from jsonb_to_recordset(${JSON.stringify(rejected)}::jsonb) as r (position integer, reason text)
    on conflict (user_id, raw_created_at, raw_id, position) do update set reason = excluded.reason`)
}

export async function markProcessed(tx: Tx, { userId, createdAt, rawId }: RawData): Promise<void> {
  await tx.query(sql`
    update public.raw_fitness_data set processed_at = now()
    where user_id = ${userId}::uuid and created_at = ${createdAt}::timestamptz and id = ${rawId}::uuid and processed_at is null`)
}
