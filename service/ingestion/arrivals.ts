import { createHash } from 'node:crypto'
import type { RecordIdentity } from '../platforms/contract.ts'
import type { Tx } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'
import { noteItems } from './inbox.ts'
import type { RunKey, RunResult } from './runs.ts'
import type { ConnectionKey } from './services.ts'
import type { AskedWindow } from './settle-results.ts'

/** A run that asked for a backfill and has ended, with what became of it. */
export interface EndedBackfill extends RunKey, ConnectionKey {
  readonly status: string
  readonly results: readonly RunResult[]
  /** The connection that asked, and its account, are no more. */
  readonly isOrphan: boolean
  readonly now: Date
}

/** Locks it. */
export async function lockBackfill(tx: Tx, { userId, runId }: RunKey): Promise<EndedBackfill | undefined> {
  const { rows } = await tx.query<EndedBackfill>(sql`
    select r.user_id as "userId", r.id as "runId", r.platform, r.status, r.results, now() as now, not exists (
      select from public.connections c join ops.requested_windows w on w.user_id = c.user_id and w.account = c.platform_user_id
      where c.user_id = r.user_id and c.platform = r.platform and c.status <> 'disconnected' and w.asked_by_run = r.id
    ) as "isOrphan"
    from public.sync_runs r where r.user_id = ${userId}::uuid and r.id = ${runId}::uuid for update of r`)
  return rows[0]
}

export type ArrivedWindow = AskedWindow & { readonly askedAt: Date }

/**
 * Counts what is here of each period that a run asked for, and notes it in the ledger: different records among the items delivered that
 * are of its time, however often and in whatever form they came. One whose time is not known counts for the newest period when it came
 * after the run began.
 */
export async function countArrivals(
  tx: Tx,
  { userId, runId, platform }: EndedBackfill,
): Promise<readonly ArrivedWindow[]> {
  const { rows } = await tx.query<ArrivedWindow>(sql`
    with asked as (
      select w.*, w.window_end = max(w.window_end) over (partition by w.data_type) as is_newest
      from ops.requested_windows w
      where w.user_id = ${userId}::uuid and w.asked_by_run = ${runId}::uuid and w.outcome in ('accepted', 'arrived', 'nothing_came')
    ), came as (
      select a.data_type, a.window_start, a.window_end, count(distinct i.record)::integer as records, max(i.received_at) as last_at
      from asked a
      join public.sync_runs r on r.user_id = a.user_id and r.id = a.asked_by_run
      left join ops.delivered_items i on i.user_id = a.user_id and i.platform = ${platform} and i.data_type = a.data_type
        and (i.recorded_at >= a.window_start and i.recorded_at < a.window_end
          or a.is_newest and i.recorded_at is null and i.received_at >= r.started_at)
      group by 1, 2, 3
    )
    update ops.requested_windows w set records = greatest(w.records, c.records)
    from came c
    where w.user_id = ${userId}::uuid and w.asked_by_run = ${runId}::uuid
      and w.data_type = c.data_type and w.window_start = c.window_start and w.window_end = c.window_end
    returning w.data_type as "dataType", w.records, w.asked_at as "askedAt", c.last_at as "lastArrivedAt"`)
  return rows
}

/** The last word on each period. */
export async function closeWindows(tx: Tx, { userId, runId }: RunKey): Promise<void> {
  await tx.query(sql`
    update ops.requested_windows w set outcome = case when w.records > 0 then 'arrived' else 'nothing_came' end
    where w.user_id = ${userId}::uuid and w.asked_by_run = ${runId}::uuid and w.outcome = 'accepted'`)
}

/** Only of a run that has ended: while it asks, it writes them itself. */
export async function saveSettled(tx: Tx, { userId, runId }: RunKey, results: readonly RunResult[]): Promise<void> {
  const records = results.reduce((sum, result) => sum + (result.records ?? 0), 0)
  await tx.query(sql`
    update public.sync_runs
    set results = ${JSON.stringify(results)}::jsonb, records_fetched = ${records}::integer, updated_at = now()
    where user_id = ${userId}::uuid and id = ${runId}::uuid and status <> 'running'
      and results <> ${JSON.stringify(results)}::jsonb`)
}

/** What was fetched from an address counts as what was pushed does. */
export async function noteFetched(
  tx: Tx,
  key: ConnectionKey & { readonly dataType: string },
  { payload, recordOf }: { payload: unknown; recordOf: RecordIdentity },
): Promise<void> {
  const items = Array.isArray(payload) ? payload : [payload]
  const noted = items.flatMap((item: unknown) => {
    const record = recordOf(key.dataType, item)
    return record === undefined ? [] : [{ record, digest: createHash('sha256').update(JSON.stringify(item)).digest() }]
  })
  await noteItems(tx, key, noted)
}
