import type { HistoryCursor } from '../platforms/contract.ts'
import type { Db, Tx } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'
import { currentTrace } from '../runtime/trace.ts'
import { forgetDelivered } from './inbox.ts'
import { recordPushed } from './requested-windows.ts'
import type { ConnectionKey } from './services.ts'

export type RunKind = 'history' | 'incremental' | 'enrichment' | 'upload' | 'reconciliation'

export type AskedBy = 'person' | 'operator' | 'schedule' | 'connection'

/** What became of one kind of data, as `sync_runs.results` shows it. */
export interface RunResult {
  readonly data_type: string
  /** `requested`: the platform sends it by itself. */
  readonly outcome: 'running' | 'complete' | 'requested' | 'partial' | 'not_available'
  /** Null in runs of earlier versions, where nobody counted what a platform sends by itself. */
  readonly records: number | null
  /** How many periods the platform was asked for, where it sends them by itself. */
  readonly requested?: number
  /** Why it is not complete. */
  readonly reason: string | null
}

export interface RunKey {
  readonly userId: string
  readonly runId: string
}

export interface SyncRun<Cursor = HistoryCursor> {
  readonly userId: string
  readonly runId: string
  readonly platform: string
  readonly kind: RunKind
  readonly since: Date
  readonly until: Date
  readonly cursor: Cursor
  /** The cursor as stored: whoever moves it must still find it there. */
  readonly cursorText: string
  readonly startedAt: Date
  readonly askedBy: AskedBy
  readonly pagesFetched: number
  readonly results: readonly RunResult[]
}

export interface NewRun extends ConnectionKey {
  readonly kind: RunKind
  readonly since: Date
  readonly until: Date
  readonly cursor: object
  readonly askedBy: AskedBy
  readonly results?: readonly RunResult[]
}

/** Starts a run, or answers the one of this kind that is going on. */
export async function insertRun(tx: Tx, run: NewRun): Promise<{ runId: string; started: boolean }> {
  const { rows } = await tx.query<{ id: string; started: boolean }>(sql`
    with inserted as (
      insert into public.sync_runs (user_id, platform, kind, since, until, reached, next_cursor, asked_by, results, trace_id)
      values (${run.userId}::uuid, ${run.platform}, ${run.kind}, ${run.since}, ${run.until}, ${run.until}, ${JSON.stringify(run.cursor)}::jsonb,
        ${run.askedBy}, ${JSON.stringify(run.results ?? [])}::jsonb, ${currentTrace()?.context.traceId ?? null})
      on conflict (user_id, platform, kind) where status = 'running' do nothing
      returning id
    )
    select id, true as started from inserted
    union all
    select r.id, false from public.sync_runs r
    where r.user_id = ${run.userId}::uuid and r.platform = ${run.platform} and r.kind = ${run.kind} and r.status = 'running'
      and not exists (select 1 from inserted)`)
  const row = rows[0]
  if (row === undefined) throw new Error('a sync run ended while it was asked for')
  return { runId: row.id, started: row.started }
}

export async function findRunningRun<Cursor = HistoryCursor>(
  db: Db,
  { userId, runId }: RunKey,
): Promise<SyncRun<Cursor> | undefined> {
  const { rows } = await db.query<SyncRun<Cursor>>(sql`
    select r.user_id as "userId", r.id as "runId", r.platform, r.kind, r.since, r.until,
      r.next_cursor as cursor, r.next_cursor::text as "cursorText", r.started_at as "startedAt",
      r.asked_by as "askedBy", r.pages_fetched as "pagesFetched", r.results
    from public.sync_runs r
    where r.user_id = ${userId}::uuid and r.id = ${runId}::uuid and r.status = 'running'`)
  return rows[0]
}

export interface RunAdvance {
  readonly reached: Date | null
  readonly progress: number
  readonly records: number
  readonly nextCursor: object
  /** The kind of data that the records are of; undefined: none that is told of. */
  readonly dataType?: string
  /** Why nothing of this kind will come. */
  readonly lack?: string | undefined
}

/** Answers false when another worker moved the run on meanwhile: then nothing of this page may be kept. */
export async function advanceRun(tx: Tx, run: SyncRun<unknown>, advance: RunAdvance): Promise<boolean> {
  const { rowCount } = await tx.query(sql`
    update public.sync_runs r
    set reached = least(r.reached, coalesce(${advance.reached}::timestamptz, r.reached)),
      progress = greatest(r.progress, ${advance.progress}::numeric),
      pages_fetched = r.pages_fetched + 1, records_fetched = r.records_fetched + ${advance.records}::integer,
      next_cursor = ${JSON.stringify(advance.nextCursor)}::jsonb,
      results = ${JSON.stringify(countRecords(run.results, advance))}::jsonb, waiting_until = null, updated_at = now()
    where r.user_id = ${run.userId}::uuid and r.id = ${run.runId}::uuid and r.status = 'running'
      and r.next_cursor = ${run.cursorText}::jsonb`)
  return rowCount === 1
}

/** The results with so many records more of a kind, or with the reason why there are none. */
export function countRecords(
  results: readonly RunResult[],
  { dataType, records, lack }: Pick<RunAdvance, 'dataType' | 'records' | 'lack'>,
): readonly RunResult[] {
  if (dataType === undefined) return results
  if (lack !== undefined) {
    const others = results.filter((result) => result.data_type !== dataType)
    return [...others, { data_type: dataType, outcome: 'not_available', records: 0, reason: lack }]
  }
  const known = results.find((result) => result.data_type === dataType)
  if (known === undefined) return [...results, { data_type: dataType, outcome: 'running', records, reason: null }]
  return results.map((result) => (result === known ? { ...known, records: (known.records ?? 0) + records } : result))
}

/** What became of a run's kinds of data where it is not pages that tell. */
export async function noteResults(tx: Tx, { userId, runId }: RunKey, results: readonly RunResult[]): Promise<void> {
  await tx.query(sql`
    update public.sync_runs set results = ${JSON.stringify(results)}::jsonb, updated_at = now()
    where user_id = ${userId}::uuid and id = ${runId}::uuid and status = 'running'`)
}

export async function markWaiting(db: Db, { userId, runId }: RunKey, until: Date): Promise<void> {
  await db.query(sql`
    update public.sync_runs set waiting_until = ${until}, updated_at = now()
    where user_id = ${userId}::uuid and id = ${runId}::uuid and status = 'running'`)
}

/** Ends a run; a second end changes nothing. */
export async function finishRun(
  db: Db,
  { userId, runId }: RunKey,
  end: { status: 'complete' } | { status: 'failed'; errorCode: string },
): Promise<void> {
  const errorCode = end.status === 'failed' ? end.errorCode : null
  await db.query(sql`
    update public.sync_runs
    set status = ${end.status}, error_code = ${errorCode}, results = ops.end_results(results, ${errorCode}), finished_at = now(), updated_at = now(), waiting_until = null,
      progress = case when ${end.status} = 'complete' then 1 else progress end
    where user_id = ${userId}::uuid and id = ${runId}::uuid and status = 'running'`)
}

/** The connection ended: nothing more is fetched for it. What was asked for stays known, for a reconnect asks for the rest only. */
export async function cancelRuns(tx: Tx, { userId, platform }: ConnectionKey): Promise<void> {
  await tx.query(sql`
    update public.sync_runs set status = 'cancelled', finished_at = now(), updated_at = now(), waiting_until = null,
      results = ops.end_results(results, 'cancelled')
    where user_id = ${userId}::uuid and platform = ${platform} and status = 'running'`)
  await recordPushed(tx, { userId, platform })
  await forgetDelivered(tx, { userId, platform })
}

/** Stops a run of the person's own; within a page, for a page is kept only while its run goes on. False: it had ended. */
export async function cancelRun(db: Db, { userId, runId }: RunKey): Promise<boolean> {
  const { rowCount } = await db.query(sql`
    update public.sync_runs set status = 'cancelled', finished_at = now(), updated_at = now(), waiting_until = null,
      results = ops.end_results(results, 'cancelled')
    where user_id = ${userId}::uuid and id = ${runId}::uuid and status = 'running'`)
  return rowCount === 1
}

export async function findRunStatus(db: Db, { userId, runId }: RunKey): Promise<string | undefined> {
  const { rows } = await db.query<{ status: string }>(sql`
    select status from public.sync_runs where user_id = ${userId}::uuid and id = ${runId}::uuid`)
  return rows[0]?.status
}

/** A list was read to its end: whatever had arrived at the platform when that began is here. */
export async function markSyncedThrough(tx: Tx, { userId, platform, startedAt }: SyncRun<unknown>): Promise<void> {
  await tx.query(sql`
    update public.connections set synced_through = greatest(synced_through, ${startedAt}), updated_at = now()
    where user_id = ${userId}::uuid and platform = ${platform}`)
}

export async function markSynced(tx: Tx, { userId, platform }: ConnectionKey): Promise<void> {
  await tx.query(sql`
    update public.connections set last_synced_at = now(), updated_at = now()
    where user_id = ${userId}::uuid and platform = ${platform}`)
}
