import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { HistoryPage } from '../platforms/contract.ts'
import { AppError } from '../runtime/errors.ts'
import { defineTask, enqueue, type JobResult, PRIORITY } from '../runtime/jobs.ts'
import { parseJson } from '../runtime/json.ts'
import { estimateProgress } from './decide-progress.ts'
import { enrichActivities } from './enrich-activities.task.ts'
import { requestPlatform } from './request-platform.ts'
import { coveringWindow, findAskedWindows, joinRead, recordRead, type Window } from './requested-windows.ts'
import {
  advanceRun,
  findRunningRun,
  finishRun,
  insertRun,
  markSynced,
  markSyncedThrough,
  markWaiting,
  type SyncRun,
} from './runs.ts'
import { type History, historyOf, type IngestionServices } from './services.ts'
import { storeRaw } from './store-raw.ts'
import { findPollDigest, planNextPoll } from './sync-plan-queries.ts'
import { OVERLAP_MS, priorityOf, urgencyOf } from './sync-rules.ts'

const DAY_MS = 86_400_000
const ENRICHMENT_DELAY_MS = 5_000

const RunPayload = z.object({ userId: z.uuid(), runId: z.uuid() })

/** One page of a platform's list a job: page, progress and the next job are one transaction, so a crash costs one request. */
export const importHistory = defineTask<IngestionServices>()({
  identifier: 'import_history',
  payload: RunPayload,
  jobKey: ({ runId }) => `import_history:${runId}`,
  priority: PRIORITY.history,
  async run(key, services): Promise<JobResult> {
    const run = await findRunningRun(services.db, key)
    if (run === undefined) return undefined // finished or cancelled before we got here
    try {
      return await importPage(services, run)
    } catch (error) {
      if (error instanceof AppError && !error.spec.retry)
        await finishRun(services.db, key, { status: 'failed', errorCode: error.code })
      throw error
    }
  },
})

async function importPage(services: IngestionServices, run: SyncRun): Promise<JobResult> {
  const { history } = historyOf(services.platforms, run.platform)
  const request = history.request(run.cursor)
  const reply = await requestPlatform(services, { key: run, request, urgency: urgencyOf(run) })
  switch (reply.kind) {
    case 'wait':
      await markWaiting(services.db, run, reply.until)
      return { runAgainAt: reply.until }
    case 'not_found':
      throw new AppError('platform/unexpected_payload', {
        platform: run.platform,
        problem: 'the list of activities does not exist',
      })
    case 'ok':
      await keepPage(services, { run, text: reply.text, page: readPage(reply.text, run, history) })
      return undefined
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

async function keepPage(
  services: IngestionServices,
  { run, text, page: read }: { run: SyncRun; text: string; page: HistoryPage },
): Promise<void> {
  const { history, api } = historyOf(services.platforms, run.platform)
  const dataType = history.dataType(run.cursor)
  const page = await passOver(services, run, { history, page: read })
  const done = page.next === null || (page.reached !== null && page.reached < run.since)
  const digest = createHash('sha256').update(text).digest()
  const news = !(await isSameAsLastPoll(services, run, digest))
  await services.db.transaction(async (tx) => {
    const reached = page.reached ?? run.until
    const moved = await advanceRun(tx, run, {
      reached: page.reached,
      progress: estimateProgress({ since: run.since, until: run.until, reached }),
      records: page.recordCount,
      nextCursor: page.next ?? run.cursor,
      dataType,
    })
    if (!moved) return // another worker kept this page, or the run was cancelled
    const metadata = { sync_run_id: run.runId, cursor: run.cursor }
    if (page.recordCount > 0 && news) await storeRaw(tx, { ...run, dataType, text, metadata })
    await recordRead(tx, run, { dataType, ...readWindow(run, read), records: page.recordCount })
    await markSynced(tx, run)
    if (run.askedBy === 'schedule' && run.pagesFetched === 0)
      await planNextPoll(tx, run, { digest, news, ...services.pollSeconds })
    if (!done)
      return enqueue(tx, importHistory, {
        payload: { userId: run.userId, runId: run.runId },
        priority: priorityOf(run),
      })
    await finishRun(tx, run, { status: 'complete' })
    await markSyncedThrough(tx, run)
    await joinRead(tx, run)
    if (run.kind === 'history' && api.enrichment !== undefined) await queueEnrichment(tx, run)
  })
  if (done) {
    const seconds = (Date.now() - run.startedAt.getTime()) / 1000
    services.countSync({ platform: run.platform, kind: run.kind, outcome: 'complete', seconds })
  }
}

/** What an earlier run read need not be read again: goes on where that began. The last days of it are, for what came late. */
async function passOver(
  { db }: IngestionServices,
  run: SyncRun,
  { history, page }: { history: History; page: HistoryPage },
): Promise<HistoryPage> {
  const { reached, next } = page
  if (history.skipTo === undefined || reached === null || next === null) return page
  const asked = await findAskedWindows(db, run, { dataType: history.dataType(run.cursor), exceptRun: run.runId })
  const known = coveringWindow(
    reached,
    asked
      .map(({ from, to }) => ({ from, to: new Date(to.getTime() - OVERLAP_MS) }))
      .filter(({ from, to }) => from < to),
  )
  if (known === undefined) return page
  return { ...page, reached: known.from, next: history.skipTo(next, known.from) }
}

/** To the start of the list where it ended; otherwise a day less, for the place of what has a hidden start is not known. */
function readWindow({ since, startedAt }: SyncRun, { reached, next }: HistoryPage): Window {
  const from = next === null || reached === null ? since : new Date(reached.getTime() + DAY_MS)
  return { from: from < since ? since : from, to: startedAt }
}

/** Somebody whose webhooks are silent because nothing happens is polled for weeks: the same answer is not stored again. */
async function isSameAsLastPoll({ db }: IngestionServices, run: SyncRun, digest: Buffer): Promise<boolean> {
  if (run.askedBy !== 'schedule' || run.pagesFetched > 0) return false
  return (await findPollDigest(db, run))?.equals(digest) ?? false
}

async function queueEnrichment(
  tx: Parameters<typeof insertRun>[0],
  { userId, platform, until }: SyncRun,
): Promise<void> {
  const { runId, started } = await insertRun(tx, {
    userId,
    platform,
    kind: 'enrichment',
    since: until,
    until,
    cursor: {},
    askedBy: 'schedule',
  })
  const payload = { userId, runId }
  if (started) await enqueue(tx, enrichActivities, { payload, runAt: new Date(Date.now() + ENRICHMENT_DELAY_MS) })
}
