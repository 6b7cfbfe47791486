import pg from 'pg'
import type { Db, Tx } from '../../runtime/db.ts'
import { sql } from '../../runtime/sql.ts'
import { DECISIONS, tablesThat } from './decisions.ts'

const BATCH = 20_000
const quoted = (table: string) => table.split('.').map(pg.escapeIdentifier).join('.')

/** Deletes some of a person's rows of one table; answers how many, none when all are gone. The name is one of DECISIONS. */
export async function deleteBatch(db: Db, table: string, userId: string): Promise<number> {
  if (!Object.hasOwn(DECISIONS, table)) throw new Error('a table without a decision')
  const name = quoted(table)
  const { rowCount } = await db.query({
    text: `with batch as (select tableoid, ctid from ${name} where user_id = $1::uuid limit ${BATCH})
      delete from ${name} t using batch b where t.tableoid = b.tableoid and t.ctid = b.ctid and t.user_id = $1::uuid`,
    values: [userId],
  })
  return rowCount
}

/** Rows that name the person by `user_id`, and what else is found by searching; tables with none are left out. */
export async function countPerson(db: Db, userId: string): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {}
  for (const table of await tablesWithUserId(db)) {
    const { rows } = await db.query<{ n: string }>({
      text: `select count(*) as n from ${quoted(table)} where user_id = $1::uuid`,
      values: [userId],
    })
    counts[table] = Number(rows[0]?.n ?? 0)
  }
  const { rows } = await db.query<{ audit: string; jobs: string; limits: string; events: string }>(sql`
    select (select count(*) from audit.personal_values v where v.subject_user_id = ${userId}::uuid or v.actor_id = ${userId}::text) as audit,
      (select count(*) from graphile_worker._private_jobs j where j.payload::text like '%' || ${userId}::text || '%'
        or j.key like '%' || ${userId}::text || '%') as jobs,
      (select count(*) from ops.rate_limits r where r.key like '%' || ${userId}::text || '%') as limits,
      hasura_upkeep.count_person(${userId}::uuid) as events`)
  counts['audit.personal_values'] = Number(rows[0]?.audit ?? 0)
  counts['graphile_worker._private_jobs'] = Number(rows[0]?.jobs ?? 0)
  counts['ops.rate_limits'] = Number(rows[0]?.limits ?? 0)
  counts['hdb_catalog.event_log'] = Number(rows[0]?.events ?? 0)
  return Object.fromEntries(Object.entries(counts).filter(([, rowsThere]) => rowsThere > 0))
}

/** From the catalog, not from the decisions: the re-scan must not share their mistakes. The register of erasures is kept. */
async function tablesWithUserId(db: Db): Promise<readonly string[]> {
  const { rows } = await db.query<{ name: string }>(sql`
    select n.nspname || '.' || c.relname as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'user_id' and not a.attisdropped
    where c.relkind in ('r', 'p') and not c.relispartition and n.nspname in ('public', 'ops', 'vault')
      and n.nspname || '.' || c.relname <> 'public.erasures'
    order by 1`)
  return rows.map(({ name }) => name)
}

export async function deleteEverywhere(db: Db, userId: string): Promise<void> {
  for (const table of tablesThat('deleted'))
    if (table !== 'public.app_users') while ((await deleteBatch(db, table, userId)) > 0) continue
}

/** Jobs that nobody runs at the moment; answers how many somebody does. */
export async function deleteJobs(db: Db, userId: string): Promise<number> {
  const { rows } = await db.query<{ running: number }>(sql`
    with gone as (
      delete from graphile_worker._private_jobs j
      where (j.payload::text like '%' || ${userId}::text || '%' or j.key like '%' || ${userId}::text || '%') and j.locked_at is null
      returning j.id)
    select count(*)::integer as running from graphile_worker._private_jobs j
    where (j.payload::text like '%' || ${userId}::text || '%' or j.key like '%' || ${userId}::text || '%')
      and j.id not in (select id from gone)`)
  return rows[0]?.running ?? 0
}

export async function forgetInHasura(db: Db, userId: string): Promise<void> {
  await db.query(sql`select hasura_upkeep.forget_person(${userId}::uuid)`)
}

/** The end: what is left hangs on this one row. One writer at a time for each person, as normalization has it. */
export async function deletePerson(tx: Tx, userId: string): Promise<void> {
  await tx.query(sql`select pg_advisory_xact_lock(hashtextextended(${`person:${userId}`}::text, 0))`)
  await tx.query(sql`delete from public.app_users where user_id = ${userId}::uuid`)
  await deleteLoose(tx, userId)
}

/** Rows that refer to nothing. */
async function deleteLoose(tx: Tx, userId: string): Promise<void> {
  for (const table of tablesThat('deleted', 'shredded'))
    if (table !== 'public.app_users') await deleteBatch(tx, table, userId)
  // A job of many people's, or of a time when the person was not known yet.
  await tx.query(sql`
    delete from public.dead_letters d using ops.dead_jobs j
    where j.dead_letter_id = d.id and j.payload::text like '%' || ${userId}::text || '%'`)
  await tx.query(sql`delete from ops.rate_limits where key like '%' || ${userId}::text || '%'`)
  await tx.query(sql`select audit.forget_person(${userId}::uuid)`)
}

export interface Traces {
  readonly keyIds: readonly string[]
  readonly accounts: readonly { readonly platform: string; readonly platformUserId: string }[]
  /** Ids at platforms of the person's records, as deliveries may name them. */
  readonly sourceIds: readonly string[]
  readonly openRevocations: readonly { readonly platform: string; readonly revocationId: string }[]
}

/** What has to be known before the rows that tell are gone. */
export async function findTraces(tx: Tx, userId: string): Promise<Traces> {
  const { rows } = await tx.query<Traces>(sql`
    select
      coalesce((select jsonb_agg(k.key_id) from vault.user_keys k where k.user_id = ${userId}::uuid), '[]') as "keyIds",
      coalesce((select jsonb_agg(jsonb_build_object('platform', c.platform, 'platformUserId', c.platform_user_id))
        from (select platform, platform_user_id from public.connections where user_id = ${userId}::uuid
          -- Accounts of before the present one.
          union select platform, account from ops.requested_windows where user_id = ${userId}::uuid) c), '[]') as accounts,
      coalesce((select jsonb_agg(distinct a.source_id) from public.activities a where a.user_id = ${userId}::uuid), '[]') as "sourceIds",
      coalesce((select jsonb_agg(jsonb_build_object('platform', p.platform, 'revocationId', p.id))
        from vault.pending_revocations p join public.connections c on c.id = p.connection_id
        where c.user_id = ${userId}::uuid), '[]') as "openRevocations"`)
  return rows[0] ?? { keyIds: [], accounts: [], sourceIds: [], openRevocations: [] }
}

/** The next transaction to begin; whatever began before may not have seen what was committed. */
export async function readBarrier(db: Db): Promise<string> {
  const { rows } = await db.query<{ at: string }>(sql`select pg_snapshot_xmax(pg_current_snapshot())::text as at`)
  return rows[0]?.at ?? '0'
}

export async function isPast(db: Db, barrier: string): Promise<boolean> {
  const { rows } = await db.query<{ past: boolean }>(sql`
    select pg_snapshot_xmin(pg_current_snapshot()) >= ${barrier}::xid8 as past`)
  return rows[0]?.past === true
}
