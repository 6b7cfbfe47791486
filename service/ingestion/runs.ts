import type { HistoryCursor } from '../platforms/contract.ts'
import type { Db, Tx } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'
import { forgetDelivered } from './inbox.ts'
import type { ConnectionKey } from './services.ts'

export type RunKind = 'history' | 'incremental' | 'enrichment' | 'upload'

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
}

/** Starts a run, or answers the one of this kind that is going on. */
export async function insertRun(
  tx: Tx,
  run: ConnectionKey & { kind: RunKind; since: Date; until: Date; cursor: object },
): Promise<{ runId: string; started: boolean }> {
  const { rows } = await tx.query<{ id: string; started: boolean }>(sql`
    with inserted as (
      insert into public.sync_runs (user_id, platform, kind, since, until, reached, next_cursor)
      values (${run.userId}::uuid, ${run.platform}, ${run.kind}, ${run.since}, ${run.until}, ${run.until}, ${JSON.stringify(run.cursor)}::jsonb)
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
      r.next_cursor as cursor, r.next_cursor::text as "cursorText", r.started_at as "startedAt"
    from public.sync_runs r
    where r.user_id = ${userId}::uuid and r.id = ${runId}::uuid and r.status = 'running'`)
  return rows[0]
}

export interface RunAdvance {
  readonly reached: Date | null
  readonly progress: number
  readonly records: number
  readonly nextCursor: object
}

/** Answers false when another worker moved the run on meanwhile: then nothing of this page may be kept. */
export async function advanceRun(tx: Tx, run: SyncRun<unknown>, advance: RunAdvance): Promise<boolean> {
  const { rowCount } = await tx.query(sql`
    update public.sync_runs r
    set reached = least(r.reached, coalesce(${advance.reached}::timestamptz, r.reached)),
      progress = greatest(r.progress, ${advance.progress}::numeric),
      pages_fetched = r.pages_fetched + 1, records_fetched = r.records_fetched + ${advance.records}::integer,
      next_cursor = ${JSON.stringify(advance.nextCursor)}::jsonb, waiting_until = null, updated_at = now()
    where r.user_id = ${run.userId}::uuid and r.id = ${run.runId}::uuid and r.status = 'running'
      and r.next_cursor = ${run.cursorText}::jsonb`)
  return rowCount === 1
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
    set status = ${end.status}, error_code = ${errorCode}, finished_at = now(), updated_at = now(), waiting_until = null,
      progress = case when ${end.status} = 'complete' then 1 else progress end
    where user_id = ${userId}::uuid and id = ${runId}::uuid and status = 'running'`)
}

/** A person ends a run; one that has ended stays as it is. */
export async function cancelRun(tx: Tx, { userId, runId }: RunKey): Promise<void> {
  await tx.query(sql`
    update public.sync_runs set status = 'cancelled', finished_at = now(), updated_at = now(), waiting_until = null
    where user_id = ${userId}::uuid and id = ${runId}::uuid and status = 'running'`)
}

/** The connection ended: nothing more is fetched for it, and what was sent and asked for says nothing about the next one. */
export async function cancelRuns(tx: Tx, { userId, platform }: ConnectionKey): Promise<void> {
  await tx.query(sql`
    update public.sync_runs set status = 'cancelled', finished_at = now(), updated_at = now(), waiting_until = null
    where user_id = ${userId}::uuid and platform = ${platform} and status = 'running'`)
  await forgetDelivered(tx, { userId, platform })
}

export async function markSynced(tx: Tx, { userId, platform }: ConnectionKey): Promise<void> {
  await tx.query(sql`
    update public.connections set last_synced_at = now(), updated_at = now()
    where user_id = ${userId}::uuid and platform = ${platform}`)
}
