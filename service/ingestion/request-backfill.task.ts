import { z } from 'zod'
import type { Backfill, BackfillWindow } from '../platforms/contract.ts'
import type { Db, Tx } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { defineTask, enqueue, type JobResult, PRIORITY } from '../runtime/jobs.ts'
import { sql } from '../runtime/sql.ts'
import { listWindows } from './backfill-windows.ts'
import { takeDaysOfData } from './budget.ts'
import { requestWith } from './request-platform.ts'
import { advanceRun, findRunningRun, finishRun, insertRun, markWaiting, type RunKind, type SyncRun } from './runs.ts'
import { apiOf, type ConnectionKey, type IngestionServices } from './services.ts'

const DAY_MS = 86_400_000

interface Cursor {
  /** Of the window that is asked for next. */
  readonly index: number
}

/** Asks a platform to send its history, one window a job. What was asked for arrives later as ordinary deliveries. */
export const requestBackfill = defineTask<IngestionServices>()({
  identifier: 'request_backfill',
  payload: z.object({ userId: z.uuid(), runId: z.uuid() }),
  jobKey: ({ runId }) => `request_backfill:${runId}`,
  priority: PRIORITY.history,
  queue: 'imports',
  maxAttempts: 5,
  backoffSeconds: 10,
  timeoutSeconds: 600,
  async run(key, services): Promise<JobResult> {
    const run = await findRunningRun<Cursor>(services.db, key)
    if (run === undefined) return undefined
    try {
      return await askNext(services, run)
    } catch (error) {
      if (error instanceof AppError && !error.spec.retry)
        await finishRun(services.db, key, { status: 'failed', errorCode: error.code })
      throw error
    }
  },
})

/** Such a platform is not asked for what is new: it sends that itself, and looking more often is against its rules. */
export async function queueBackfill(
  tx: Tx,
  { userId, platform, kind }: ConnectionKey & { kind: Extract<RunKind, 'history' | 'incremental'> },
  backfill: Backfill | undefined,
): Promise<string> {
  const until = new Date()
  const since = new Date(until.getTime() - (backfill?.daysBack ?? 0) * DAY_MS)
  const run = { userId, platform, kind, since, until, cursor: { index: 0 } }
  const { runId } = await insertRun(tx, run)
  if (kind === 'history' && backfill !== undefined) await enqueue(tx, requestBackfill, { payload: { userId, runId } })
  else await finishRun(tx, { userId, runId }, { status: 'complete' })
  return runId
}

async function askNext(services: IngestionServices, run: SyncRun<Cursor>): Promise<JobResult> {
  const { api } = apiOf(services.platforms, run.platform)
  if (api.backfill === undefined) throw new AppError('platform/not_configured', { platform: run.platform })
  const granted = await services.findGrantedScopes(run)
  if (!granted.includes(api.backfill.requiredScope))
    throw new AppError('connection/scope_missing', { platform: run.platform, scope: api.backfill.requiredScope })
  const windows = listWindows(api.backfill, run)
  const window = windows[run.cursor.index]
  if (window === undefined) {
    await finishRun(services.db, run, { status: 'complete' })
    return undefined
  }
  const scope = api.backfill.scopeOf(window.dataType)
  const isWanted = (scope === undefined || granted.includes(scope)) && !(await isAsked(services.db, run, window))
  if (!isWanted) return advance(services.db, run, { windows })
  return ask(services, run, { backfill: api.backfill, windows, window })
}

interface Asking {
  readonly backfill: Backfill
  readonly windows: readonly BackfillWindow[]
  readonly window: BackfillWindow
}

async function ask(
  services: IngestionServices,
  run: SyncRun<Cursor>,
  { backfill, windows, window }: Asking,
): Promise<JobResult> {
  const days = Math.ceil((window.to.getTime() - window.from.getTime()) / DAY_MS)
  const waitUntil = await takeDaysOfData(services.db, run.platform, days)
  if (waitUntil !== undefined) return waitFor(services.db, run, waitUntil)
  const options = { key: run, request: backfill.request(window), urgency: 'history' } as const
  const reply = await requestWith(services, options, (answer) => backfill.understand(answer))
  if (reply.kind === 'wait') return waitFor(services.db, run, reply.until)
  if (reply.kind !== 'own')
    throw new AppError('platform/unavailable', { platform: run.platform, why: 'unexpected_answer_to_backfill' })
  if (reply.own === 'not_permitted')
    throw new AppError('connection/scope_missing', { platform: run.platform, scope: backfill.requiredScope })
  return advance(services.db, run, { windows, window, outcome: reply.own })
}

async function waitFor(db: Db, run: SyncRun<Cursor>, until: Date): Promise<JobResult> {
  await markWaiting(db, run, until)
  return { runAgainAt: until }
}

async function advance(
  db: IngestionServices['db'],
  run: SyncRun<Cursor>,
  { windows, window, outcome }: { windows: readonly BackfillWindow[]; window?: BackfillWindow; outcome?: string },
): Promise<undefined> {
  const index = run.cursor.index + 1
  await db.transaction(async (tx) => {
    const progress = Math.min(0.99, Math.round((index / windows.length) * 10_000) / 10_000)
    if (!(await advanceRun(tx, run, { reached: null, progress, records: 0, nextCursor: { index } }))) return
    if (window !== undefined) await recordRequest(tx, run, { ...window, outcome: outcome ?? null })
    await enqueue(tx, requestBackfill, { payload: { userId: run.userId, runId: run.runId } })
  })
}

/** A window inside one that was asked for is not asked for again, whatever run it belongs to. */
async function isAsked(db: Db, { userId, platform }: ConnectionKey, window: BackfillWindow): Promise<boolean> {
  const { rowCount } = await db.query(sql`
    select from ops.backfill_requests b
    where b.user_id = ${userId}::uuid and b.platform = ${platform} and b.data_type = ${window.dataType} and b.outcome is not null
      and b.window_start <= ${window.from} and b.window_end >= ${window.to}`)
  return rowCount > 0
}

async function recordRequest(
  tx: Tx,
  { userId, platform }: ConnectionKey,
  { dataType, from, to, outcome }: BackfillWindow & { outcome: string | null },
): Promise<void> {
  await tx.query(sql`
    insert into ops.backfill_requests (user_id, platform, data_type, window_start, window_end, outcome)
    values (${userId}::uuid, ${platform}, ${dataType}, ${from}, ${to}, ${outcome})
    on conflict (user_id, platform, data_type, window_start, window_end) do update set outcome = excluded.outcome`)
}
