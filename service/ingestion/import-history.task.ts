import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { HistoryPage } from '../platforms/contract.ts'
import { AppError } from '../runtime/errors.ts'
import { defineTask, enqueue, type JobResult, PRIORITY } from '../runtime/jobs.ts'
import { parseJson } from '../runtime/json.ts'
import { estimateProgress } from './decide-progress.ts'
import { countRun, failRun } from './end-run.ts'
import { queueMore } from './queue-more.ts'
import { type PlatformReply, requestPlatform } from './request-platform.ts'
import { coveringWindow, findAskedWindows, joinRead, recordRead, type Window } from './requested-windows.ts'
import {
  advanceRun,
  findRunningRun,
  finishRun,
  markSynced,
  markSyncedThrough,
  markWaiting,
  type SyncRun,
} from './runs.ts'
import { type History, historyOf, type IngestionServices } from './services.ts'
import { lockForRun, storeRaw } from './store-raw.ts'
import { hastenNextPoll, isPolledBefore, planNextPoll } from './sync-plan-queries.ts'
import { OVERLAP_MS, priorityOf, urgencyOf } from './sync-rules.ts'

const DAY_MS = 86_400_000

const RunPayload = z.object({ userId: z.uuid(), runId: z.uuid() })

/** One page of a platform's list a job: page, progress and the next job are one transaction, so a crash costs one request. */
export const importHistory = defineTask<IngestionServices>()({
  identifier: 'import_history',
  payload: RunPayload,
  jobKey: ({ runId }) => `import_history:${runId}`,
  priority: PRIORITY.history,
  queue: 'imports',
  maxAttempts: 5,
  backoffSeconds: 10,
  timeoutSeconds: 600,
  async run(key, services): Promise<JobResult> {
    const run = await findRunningRun(services.db, key)
    if (run === undefined) return undefined // finished or cancelled before we got here
    try {
      return await importPage(services, run)
    } catch (error) {
      await failRun(services, run, error)
      throw error
    }
  },
})

async function importPage(services: IngestionServices, run: SyncRun): Promise<JobResult> {
  const { history } = historyOf(services.platforms, run.platform)
  const reply = await askForPage(services, run, history)
  switch (reply.kind) {
    case 'wait':
      await markWaiting(services.db, run, reply.until)
      return { runAgainAt: reply.until }
    case 'not_found':
      throw new AppError('platform/unexpected_payload', {
        platform: run.platform,
        problem: 'the list of activities does not exist',
      })
    case 'skipped':
      await keepPage(services, { run, text: '', page: reply.page, lack: 'scope_missing' })
      return undefined
    case 'ok':
      await keepPage(services, { run, text: reply.text, page: readPage(reply.text, run, history) })
      return undefined
  }
}

type PageReply = PlatformReply | { readonly kind: 'skipped'; readonly page: HistoryPage }

/** One list that the person does not share is no reason to leave out the others. */
async function askForPage(services: IngestionServices, run: SyncRun, history: History): Promise<PageReply> {
  const { cursor } = run
  const scope = history.scopeOf?.(cursor)
  const skip = () => history.skip && { kind: 'skipped' as const, page: history.skip(cursor) }
  const known = scope === undefined || (await services.findGrantedScopes(run)).includes(scope)
  const skipped = known ? undefined : skip()
  if (skipped !== undefined) return skipped
  try {
    return await requestPlatform(services, { key: run, request: history.request(cursor), urgency: urgencyOf(run) })
  } catch (error) {
    // Granted, as far as we knew. Of what the connection is for nothing is left out silently.
    const needed = services.platforms.get(run.platform)?.oauth?.requiredScopes ?? []
    const refused = error instanceof AppError && error.code === 'connection/scope_missing'
    const passed = refused && scope !== undefined && !needed.includes(scope) ? skip() : undefined
    if (passed === undefined) throw error
    return passed
  }
}

function readPage(text: string, run: SyncRun, history: History): HistoryPage {
  try {
    return history.read(parseJson(text), run.cursor)
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    // Half an answer or a proxy's error page: the next attempt may get the whole one.
    throw new AppError('platform/unavailable', { platform: run.platform, why: 'not_json' }, { cause })
  }
}

interface ReadPage {
  readonly run: SyncRun
  readonly text: string
  readonly page: HistoryPage
  /** Why it was not asked for. */
  readonly lack?: string
}

async function keepPage(services: IngestionServices, { run, text, page: read, lack }: ReadPage): Promise<void> {
  const { history, api } = historyOf(services.platforms, run.platform)
  const dataType = history.dataType(run.cursor)
  const page = await passOver(services, run, { history, page: read })
  const done = page.next === null || (page.reached !== null && page.reached < run.since)
  const polled = { page: run.pagesFetched, digest: createHash('sha256').update(text).digest() }
  // Somebody whose webhooks are silent because nothing happens is polled for weeks: the same answer is not stored again.
  const isPoll = run.askedBy === 'schedule'
  const news = !(isPoll && (await isPolledBefore(services.db, run, polled)))
  await services.db.transaction(async (tx) => {
    await lockForRun(tx, run)
    const reached = page.reached ?? run.until
    const moved = await advanceRun(tx, run, {
      reached: page.reached,
      progress: estimateProgress({ since: run.since, until: run.until, reached }),
      records: page.recordCount,
      nextCursor: page.next ?? run.cursor,
      dataType,
      lack,
    })
    if (!moved) return // another worker kept this page, or the run was cancelled
    const metadata = { sync_run_id: run.runId, cursor: run.cursor }
    if (page.recordCount > 0 && news) await storeRaw(tx, { ...run, dataType, text, metadata })
    const window = readWindow(run, read)
    if (window !== undefined) await recordRead(tx, run, window)
    await markSynced(tx, run)
    if (isPoll && run.pagesFetched === 0) await planNextPoll(tx, run, services.pollSeconds)
    if (isPoll && news) await hastenNextPoll(tx, run, { ...polled, ...services.pollSeconds })
    if (!done)
      return enqueue(tx, importHistory, {
        payload: { userId: run.userId, runId: run.runId },
        priority: priorityOf(run),
      })
    await finishRun(tx, run, { status: 'complete' })
    await markSyncedThrough(tx, run)
    await joinRead(tx, run)
    await queueMore(tx, run, { api, news: run.kind === 'history' || news })
  })
  if (done) countRun(services, run, 'complete')
}

/** What an earlier run read need not be read again: goes on where that began. The last days of it are, for what came late. */
async function passOver(
  { db }: IngestionServices,
  run: SyncRun,
  { history, page }: { history: History; page: HistoryPage },
): Promise<HistoryPage> {
  const { reached, next } = page
  if (history.skipTo === undefined || reached === null || next === null) return page
  const asked = await findAskedWindows(db, run, { exceptRun: run.runId })
  const known = coveringWindow(
    reached,
    asked
      .map(({ from, to }) => ({ from, to: new Date(to.getTime() - OVERLAP_MS) }))
      .filter(({ from, to }) => from < to),
  )
  if (known === undefined) return page
  return { ...page, reached: known.from, next: history.skipTo(next, known.from) }
}

/**
 * To the start of the list where it ended; otherwise a day less, for the place of what has a hidden start is not known. Undefined in
 * the middle of several lists, which reach back together.
 */
function readWindow({ since, startedAt }: SyncRun, { reached, next }: HistoryPage): Window | undefined {
  if (next === null) return { from: since, to: startedAt }
  if (reached === null) return undefined
  const from = new Date(reached.getTime() + DAY_MS)
  return { from: from < since ? since : from, to: startedAt }
}
