import type { Db, Tx } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'
import type { RunKey } from './runs.ts'
import type { ConnectionKey } from './services.ts'

export interface Finding {
  readonly kind: 'missing' | 'changed' | 'deleted'
  /** Of the list that has it, or had. */
  readonly dataType: string
  /** The platform's id; of the numbers of a day, list and day. */
  readonly sourceId: string
  readonly happenedAt: Date | null
  readonly cause: string
  readonly state: 'suspected' | 'repaired' | 'not_confirmed'
}

export interface Difference extends Pick<Finding, 'kind' | 'dataType' | 'sourceId' | 'happenedAt'> {
  /** The list itself says that it was deleted: nobody has to be asked. */
  readonly confirmed?: true
}

export interface Traces {
  readonly sourceId: string
  readonly failed: boolean
  readonly stored: boolean
}

/** What is known of webhooks about these records: one that could not be read back, one that was stored. */
export async function findTraces(
  db: Db,
  { userId, platform }: ConnectionKey,
  { sourceIds, since }: { sourceIds: readonly string[]; since: Date },
): Promise<readonly Traces[]> {
  const { rows } = await db.query<Traces>(sql`
    select s.id as "sourceId",
      exists (select from ops.failed_notices f where f.user_id = ${userId}::uuid and f.platform = ${platform} and f.source_id = s.id) as failed,
      exists (
        select from public.raw_fitness_data r
        where r.user_id = ${userId}::uuid and r.platform = ${platform} and r.created_at >= ${since}
          and r.metadata ->> 'source_id' = s.id and r.metadata ->> 'from' = 'webhook') as stored
    from unnest(${sourceIds}::text[]) as s (id)`)
  return rows
}

export async function noteFailedNotice(
  tx: Tx,
  { userId, platform }: ConnectionKey,
  { sourceId, cause }: { sourceId: string; cause: string },
): Promise<void> {
  await tx.query(sql`
    insert into ops.failed_notices (user_id, platform, source_id, cause) values (${userId}::uuid, ${platform}, ${sourceId}, ${cause})
    on conflict (user_id, platform, source_id) do update set cause = excluded.cause, noticed_at = now()`)
}

export interface ReconciliationFacts {
  readonly connectedAt: Date
  readonly isImported: boolean
  /** Bodies of deliveries of the platform that nobody has acted on for a while. */
  readonly waiting: readonly Buffer[]
}

export async function findFacts(db: Db, { userId, platform }: ConnectionKey): Promise<ReconciliationFacts | undefined> {
  const { rows } = await db.query<ReconciliationFacts>(sql`
    select c.connected_at as "connectedAt", c.synced_through is not null as "isImported",
      array(select d.body_sealed from ops.webhook_deliveries d
        where d.platform = c.platform and d.state = 'received' and d.body_sealed is not null
        order by d.received_at limit 200) as waiting
    from public.connections c where c.user_id = ${userId}::uuid and c.platform = ${platform}`)
  return rows[0]
}

/** Payloads of the last ten minutes that are not rows yet: comparing now would find what is on its way. The run's own are of other pages. */
export async function hasFreshRaw(db: Db, { userId, platform, runId }: ConnectionKey & RunKey): Promise<boolean> {
  const { rowCount } = await db.query(sql`
    select from public.raw_fitness_data r
    where r.user_id = ${userId}::uuid and r.platform = ${platform} and r.processed_at is null
      and r.created_at > now() - interval '10 minutes' and r.metadata ->> 'sync_run_id' is distinct from ${runId} limit 1`)
  return rowCount > 0
}

export interface NewReport extends ConnectionKey {
  readonly reportId: string
  readonly since: Date
  readonly until: Date
  readonly status: 'running' | 'not_available'
  readonly reason: string | null
}

export async function insertReport(tx: Tx, report: NewReport): Promise<void> {
  await tx.query(sql`
    insert into public.reconciliation_reports (user_id, id, platform, since, until, status, reason, finished_at)
    values (${report.userId}::uuid, ${report.reportId}::uuid, ${report.platform}, ${report.since}, ${report.until}, ${report.status},
      ${report.reason}, case when ${report.status} = 'running' then null else now() end)
    on conflict do nothing`)
}

/** Counts follow from the findings, whenever one is added or settled. */
export async function addFindings(
  tx: Tx,
  { userId, runId, platform }: RunKey & { readonly platform: string },
  { findings, listed, notCompared }: { findings: readonly Finding[]; listed: number; notCompared: string | null },
): Promise<void> {
  await tx.query(sql`
    insert into public.reconciliation_findings (user_id, report_id, platform, kind, data_type, source_id, cause, state, happened_at)
    select ${userId}::uuid, ${runId}::uuid, ${platform}, f.kind, f."dataType", f."sourceId", f.cause, f.state, f."happenedAt"
    from jsonb_to_recordset(${JSON.stringify(findings)}::jsonb)
      as f (kind text, "dataType" text, "sourceId" text, cause text, state text, "happenedAt" timestamptz)
    on conflict do nothing`)
  await tx.query(sql`
    update public.reconciliation_reports r set listed = r.listed + ${listed}::integer,
      not_compared = case when ${notCompared}::text is null or ${notCompared}::text = any (r.not_compared) then r.not_compared
        else r.not_compared || ${notCompared}::text end
    where r.user_id = ${userId}::uuid and r.id = ${runId}::uuid`)
  await countFindings(tx, { userId, runId })
}

async function countFindings(tx: Tx, { userId, runId }: RunKey): Promise<void> {
  await tx.query(sql`
    update public.reconciliation_reports r
    set missing = f.missing, changed = f.changed, deleted = f.deleted, repaired = f.repaired, causes = f.causes
    from (
      select count(*) filter (where kind = 'missing') as missing, count(*) filter (where kind = 'changed') as changed,
        count(*) filter (where kind = 'deleted' and state = 'repaired') as deleted,
        count(*) filter (where state = 'repaired') as repaired,
        coalesce((
          select jsonb_object_agg(c.cause, c.times) from (
            select g.cause, count(*) as times from public.reconciliation_findings g
            where g.user_id = ${userId}::uuid and g.report_id = ${runId}::uuid and g.state = 'repaired' group by 1) c), '{}') as causes
      from public.reconciliation_findings where user_id = ${userId}::uuid and report_id = ${runId}::uuid
    ) f
    where r.user_id = ${userId}::uuid and r.id = ${runId}::uuid`)
}

export async function findSuspected(
  db: Db,
  { userId, runId }: RunKey,
): Promise<{ sourceId: string; sourceType: string } | undefined> {
  const { rows } = await db.query<{ sourceId: string; sourceType: string }>(sql`
    select f.source_id as "sourceId", coalesce(f.data_type, '') as "sourceType" from public.reconciliation_findings f
    where f.user_id = ${userId}::uuid and f.report_id = ${runId}::uuid and f.kind = 'deleted' and f.state = 'suspected'
    order by 1 limit 1`)
  return rows[0]
}

/** False when another worker settled it. */
export async function settleFinding(
  tx: Tx,
  { userId, runId }: RunKey,
  { sourceId, state }: { sourceId: string; state: 'repaired' | 'not_confirmed' },
): Promise<boolean> {
  const { rowCount } = await tx.query(sql`
    update public.reconciliation_findings set state = ${state}
    where user_id = ${userId}::uuid and report_id = ${runId}::uuid and kind = 'deleted' and source_id = ${sourceId}
      and state = 'suspected'`)
  if (rowCount === 1) await countFindings(tx, { userId, runId })
  return rowCount === 1
}

/** Whether the comparison brought what was missing or different. */
export async function hasRepaired(tx: Tx, { userId, runId }: RunKey): Promise<boolean> {
  const { rowCount } = await tx.query(sql`
    select from public.reconciliation_findings f
    where f.user_id = ${userId}::uuid and f.report_id = ${runId}::uuid and f.state = 'repaired' and f.kind <> 'deleted' limit 1`)
  return rowCount > 0
}

export async function finishReport(
  tx: Db,
  { userId, runId }: RunKey,
  end: { status: 'complete' | 'failed'; reason: string | null },
): Promise<void> {
  await tx.query(sql`
    update public.reconciliation_reports set status = ${end.status}, reason = ${end.reason}, finished_at = now()
    where user_id = ${userId}::uuid and id = ${runId}::uuid and status = 'running'`)
}

/**
 * Queues the nightly comparison of connections behind `after`, at most `limit` of them, each at a time of its own within the next
 * `spreadSeconds`. Answers the last, null when there are no more. One statement: no row comes to this process.
 */
export async function planReconciliations(
  db: Db,
  {
    platform,
    after,
    limit,
    spreadSeconds,
  }: { platform: string; after: string | null; limit: number; spreadSeconds: number },
): Promise<string | null> {
  const { rows } = await db.query<{ last: string | null }>(sql`
    with chosen as (
      select c.user_id, now() + make_interval(secs =>
          (hashtextextended(c.user_id::text || current_date::text, 0) & 1048575)::float8 / 1048576 * ${spreadSeconds}::float8) as run_at
      from public.connections c
      where c.platform = ${platform} and c.status in ('active', 'limited') and (${after}::uuid is null or c.user_id > ${after}::uuid)
      order by c.user_id limit ${limit}::integer
    ), queued as (
      select graphile_worker.add_jobs(array_agg(row('start_reconciliation', json_build_object('userId', c.user_id, 'platform', ${platform}::text),
        null, c.run_at, 25, 'start_reconciliation:' || ${platform}::text || ':' || c.user_id, 10, null)::graphile_worker.job_spec))
      from chosen c having count(*) > 0
    )
    select (select c.user_id from chosen c order by c.user_id desc limit 1) as last, (select count(*) from queued) as jobs`)
  return rows[0]?.last ?? null
}
