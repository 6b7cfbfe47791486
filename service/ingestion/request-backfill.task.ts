import { z } from 'zod'
import type { Backfill, BackfillWindow } from '../platforms/contract.ts'
import type { Database, Db, Tx } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { defineTask, enqueue, type JobResult, PRIORITY } from '../runtime/jobs.ts'
import { listWindows } from './backfill-windows.ts'
import { takeDaysOfData } from './budget.ts'
import { countRun, failRun } from './end-run.ts'
import { learnReach, narrowWindow, type Reach } from './narrow-window.ts'
import { requestWith } from './request-platform.ts'
import { findAskedWindows, recordAsked, subtractWindows } from './requested-windows.ts'
import {
  advanceRun,
  findRunningRun,
  finishRun,
  insertRun,
  markWaiting,
  type NewRun,
  noteResults,
  type RunResult,
  type SyncRun,
} from './runs.ts'
import { apiOf, type IngestionServices } from './services.ts'
import { settleBackfill } from './settle-backfill.task.ts'
import { lockForRun } from './store-raw.ts'

const DAY_MS = 86_400_000
/** Nothing that was asked for is here at once. */
const SETTLE_MS = 60_000
/** What lies between two windows by a few seconds only is not worth a request. */
const SHORTEST_WINDOW_MS = 60_000

interface Cursor {
  /** Of the window that is asked for next. */
  readonly index: number
  /** How many parts of it were asked for. */
  readonly part?: number
  readonly reach?: Reach
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
      await failRun(services, run, error)
      throw error
    }
  },
})

type NewBackfill = Omit<NewRun, 'kind' | 'until' | 'cursor'> & { readonly kind: 'history' | 'incremental' }

/**
 * Such a platform is not asked for what is new: it sends that itself, and looking more often is against its rules. What it does not keep
 * any more is not asked for, and the results say so.
 */
export async function queueBackfill(tx: Tx, asked: NewBackfill, backfill: Backfill | undefined): Promise<string> {
  const until = new Date()
  const oldest = new Date(until.getTime() - (backfill?.daysBack ?? 0) * DAY_MS)
  const isCut = asked.since < oldest && asked.since.getTime() > 0
  const results = [
    ...(asked.results ?? []),
    ...(backfill?.dataTypes ?? []).map(({ dataType }) => running(dataType, isCut)),
  ]
  const since = asked.since < oldest ? oldest : asked.since
  const { userId } = asked
  if (asked.kind === 'history' && backfill !== undefined) {
    const { runId } = await insertRun(tx, { ...asked, since, until, results, cursor: { index: 0 } })
    await enqueue(tx, requestBackfill, { payload: { userId, runId } })
    return runId
  }
  const { runId } = await insertRun(tx, { ...asked, since: until, until, results: [], cursor: { index: 0 } })
  await finishRun(tx, { userId, runId }, { status: 'complete' })
  return runId
}

function running(dataType: string, isCut: boolean): RunResult {
  const reason = isCut ? TOO_OLD : null
  return { data_type: dataType, outcome: 'running', records: 0, requested: 0, reason }
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
    countRun(services, run, 'complete')
    return undefined
  }
  const scope = api.backfill.scopeOf(window.dataType)
  if (scope !== undefined && !granted.includes(scope))
    return advance(services.db, run, { windows, lack: 'scope_missing' })
  // What was asked for before, by whatever run, is not asked for again: only what lies between, the newest part first.
  const asked = await findAskedWindows(services.db, run, window)
  const part = subtractWindows(window, asked, SHORTEST_WINDOW_MS).at(-1)
  if (part === undefined) return advance(services.db, run, { windows })
  const asking = { backfill: api.backfill, windows, window: { ...part, dataType: window.dataType } }
  const narrowed = narrowWindow(part, run.cursor.reach ?? {})
  if (narrowed === undefined) return advance(services.db, run, { ...asking, outcome: 'too_old', lack: TOO_OLD })
  return ask(services, run, { ...asking, window: { ...asking.window, ...narrowed } })
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
  const reach = learnReach(run.cursor.reach ?? {}, window, reply.own === 'too_old')
  if (reply.own === 'too_old') return advance(services.db, run, { windows, window, reach })
  const lack = reply.own === 'accepted' ? {} : { lack: reply.own }
  return advance(services.db, run, { windows, window, reach, outcome: reply.own, ...lack })
}

/** Not to be had from the platform: what it answers, or what is known before it is asked. */
const TOO_OLD = 'older_than_the_platform_gives'

async function waitFor(db: Db, run: SyncRun<Cursor>, until: Date): Promise<JobResult> {
  await markWaiting(db, run, until)
  return { runAgainAt: until }
}

interface Step {
  readonly windows: readonly BackfillWindow[]
  /** What was asked for; undefined: nothing had to be. Then the next window's turn has come. */
  readonly window?: BackfillWindow
  /** Absent: it reaches back too far, and less of it is asked for next. */
  readonly outcome?: string
  readonly reach?: Reach
  /** Why something of this kind will not come. */
  readonly lack?: string
}

async function advance(db: Database, run: SyncRun<Cursor>, step: Step): Promise<undefined> {
  const { windows, window, outcome, lack } = step
  const { index, part = 0 } = run.cursor
  const reach = step.reach ?? run.cursor.reach
  const next = window === undefined ? { index: index + 1 } : { index, part: part + 1 }
  const nextCursor: Cursor = { ...next, ...(reach === undefined ? {} : { reach }) }
  const reached = outcome === 'accepted' && window !== undefined ? window.from : null
  const dataType = windows[index]?.dataType
  await db.transaction(async (tx) => {
    await lockForRun(tx, run)
    const progress = Math.min(0.99, Math.round(((index + 1) / windows.length) * 10_000) / 10_000)
    if (!(await advanceRun(tx, run, { reached, progress, records: 0, nextCursor }))) return
    if (window !== undefined && outcome !== undefined) await recordAsked(tx, run, { ...window, outcome })
    if (outcome !== undefined || lack !== undefined)
      await noteResults(tx, run, noteAnswer(run.results, { dataType, lack }))
    const payload = { userId: run.userId, runId: run.runId }
    await enqueue(tx, requestBackfill, { payload })
    // From the first one on, so that what was asked for is looked for however the run ends.
    if (outcome === 'accepted') await enqueue(tx, settleBackfill, { payload, runAt: new Date(Date.now() + SETTLE_MS) })
  })
}

/** One period more that will be sent, or why it will not. Without its scope nothing of a kind comes; otherwise something else of it may have. */
function noteAnswer(
  results: readonly RunResult[],
  { dataType, lack }: { dataType: string | undefined; lack: string | undefined },
): readonly RunResult[] {
  return results.map((result) => {
    if (result.data_type !== dataType) return result
    if (lack === undefined) return { ...result, requested: (result.requested ?? 0) + 1 }
    const isNothing = lack === 'scope_missing' || (lack === TOO_OLD && (result.requested ?? 0) === 0)
    return isNothing ? { ...result, outcome: 'not_available', reason: lack } : { ...result, reason: lack }
  })
}
