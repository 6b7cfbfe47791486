import { z } from 'zod'
import type { HistoryCursor, HistoryPage } from '../platforms/contract.ts'
import { AppError } from '../runtime/errors.ts'
import { defineTask, enqueue, type JobResult, PRIORITY } from '../runtime/jobs.ts'
import { parseJson } from '../runtime/json.ts'
import { comparePage } from './compare-page.ts'
import { estimateProgress } from './decide-progress.ts'
import { countRun, failRun } from './end-run.ts'
import { explainAll } from './explain-findings.ts'
import { listRecords } from './list-records.ts'
import { queueMore } from './queue-more.ts'
import {
  addFindings,
  findSuspected,
  finishReport,
  hasFreshRaw,
  hasRepaired,
  settleFinding,
} from './reconciliation-queries.ts'
import { requestPlatform } from './request-platform.ts'
import { advanceRun, findRunningRun, finishRun, markWaiting, type SyncRun } from './runs.ts'
import { apiOf, historyOf, type IngestionServices } from './services.ts'
import { lockForRun, storeRaw } from './store-raw.ts'

const FRESH_DELAY_MS = 5_000

/** `upper`: where the page before ended. Without a list all of it was read, and suspicions are asked about. */
export interface ReconciliationCursor {
  readonly list?: HistoryCursor
  readonly upper: string
  readonly settled?: number
}
type Run = SyncRun<ReconciliationCursor>

/**
 * Compares the platform's list with what is here, a page a job: what is missing or different is stored, and what is here alone is asked
 * for one by one, for only the platform's own 404 deletes anything. Findings, repair and progress are one transaction.
 */
export const reconcileConnection = defineTask<IngestionServices>()({
  identifier: 'reconcile_connection',
  payload: z.object({ userId: z.uuid(), runId: z.uuid() }),
  jobKey: ({ runId }) => `reconcile_connection:${runId}`,
  priority: PRIORITY.history,
  queue: 'reconciliation',
  async run(key, services): Promise<JobResult> {
    const run = await findRunningRun<ReconciliationCursor>(services.db, key)
    if (run === undefined) {
      await finishReport(services.db, key, { status: 'failed', reason: 'cancelled' })
      return undefined
    }
    try {
      return await (run.cursor.list === undefined
        ? settleNext(services, run)
        : compareNext(services, run, run.cursor.list))
    } catch (error) {
      await failRun(services, run, error)
      if (error instanceof AppError && !error.spec.retry)
        await finishReport(services.db, key, { status: 'failed', reason: error.code })
      throw error
    }
  },
})

async function compareNext(services: IngestionServices, run: Run, list: HistoryCursor): Promise<JobResult> {
  const { history } = historyOf(services.platforms, run.platform)
  // What arrived just now would look missing.
  if (await hasFreshRaw(services.db, run)) return waitFor(services, run, new Date(Date.now() + FRESH_DELAY_MS))
  const reply = await requestPlatform(services, { key: run, request: history.request(list), urgency: 'history' })
  if (reply.kind === 'wait') return waitFor(services, run, reply.until)
  if (reply.kind === 'not_found')
    throw new AppError('platform/unexpected_payload', { platform: run.platform, problem: 'the list does not exist' })
  const page = readPage(services, run, { text: reply.text, list })
  await keepPage(services, run, { list, text: reply.text, page })
  return undefined
}

function readPage(
  { platforms }: IngestionServices,
  { platform }: Run,
  { text, list }: { text: string; list: HistoryCursor },
): HistoryPage {
  try {
    return historyOf(platforms, platform).history.read(parseJson(text), list)
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw new AppError('platform/unavailable', { platform, why: 'not_json' }, { cause })
  }
}

interface Page {
  readonly list: HistoryCursor
  readonly text: string
  readonly page: HistoryPage
}

async function keepPage(services: IngestionServices, run: Run, { list, text, page }: Page): Promise<void> {
  const { platform } = apiOf(services.platforms, run.platform)
  const dataType = historyOf(services.platforms, run.platform).history.dataType(list)
  const listed = listRecords(platform.normalize[dataType], text)
  const done = page.next === null || (page.reached !== null && page.reached <= run.since)
  const lower = done || page.reached === null ? run.since : page.reached
  const span = spanOf(run, { page, lower })
  const differences =
    listed === undefined ? [] : await comparePage(services.db, run, { listed, dataType, since: run.since, span })
  const findings = await explainAll(services, { key: run, differences, since: run.since })
  const isNews = listed === undefined ? page.recordCount > 0 : findings.some(({ state }) => state === 'repaired')
  const upper = page.reached === null ? run.cursor.upper : lower.toISOString()
  await services.db.transaction(async (tx) => {
    await lockForRun(tx, run)
    const nextCursor = done || page.next === null ? { upper } : { list: page.next, upper }
    const progress = estimateProgress({ since: run.since, until: run.until, reached: lower })
    if (
      !(await advanceRun(tx, run, { reached: page.reached, progress, records: page.recordCount, nextCursor, dataType }))
    )
      return
    if (isNews)
      await storeRaw(tx, { ...run, dataType, text, metadata: { sync_run_id: run.runId, from: 'reconciliation' } })
    const notCompared = listed === undefined && page.recordCount > 0 ? dataType : null
    await addFindings(tx, run, { findings, listed: page.recordCount, notCompared })
    await enqueue(tx, reconcileConnection, { payload: { userId: run.userId, runId: run.runId } })
  })
}

/** With several lists the page says so itself; a single list goes back to `lower` from where the page before ended. */
function spanOf(run: Run, { page: { covers }, lower }: { page: HistoryPage; lower: Date }) {
  if (covers === undefined) return { from: lower, to: new Date(run.cursor.upper) }
  return covers === null ? null : { from: covers.from < run.since ? run.since : covers.from, to: covers.to }
}

/** One suspicion a job: the platform's present answer about the record itself decides. */
async function settleNext(services: IngestionServices, run: Run): Promise<JobResult> {
  const suspected = await findSuspected(services.db, run)
  if (suspected === undefined) return finish(services, run)
  const { sourceId } = suspected
  const { api } = apiOf(services.platforms, run.platform)
  const item = api.item?.(suspected)
  const reply = item && (await requestPlatform(services, { key: run, request: item.request, urgency: 'history' }))
  if (reply?.kind === 'wait') return waitFor(services, run, reply.until)
  await services.db.transaction(async (tx) => {
    await lockForRun(tx, run)
    const nextCursor = { upper: run.cursor.upper, settled: (run.cursor.settled ?? 0) + 1 }
    if (!(await advanceRun(tx, run, { reached: null, progress: 0.99, records: 0, nextCursor }))) return
    const gone = item !== undefined && reply?.kind === 'not_found'
    await settleFinding(tx, run, { sourceId, state: gone ? 'repaired' : 'not_confirmed' })
    const metadata = { sync_run_id: run.runId, source_id: sourceId, from: 'reconciliation' }
    const { dataType, payload } = item?.deletion ?? {}
    if (gone && dataType !== undefined)
      await storeRaw(tx, { ...run, dataType, text: JSON.stringify(payload), metadata })
    if (item !== undefined && reply?.kind === 'ok')
      await storeRaw(tx, { ...run, dataType: item.dataType, text: reply.text, metadata })
    await enqueue(tx, reconcileConnection, { payload: { userId: run.userId, runId: run.runId } })
  })
  return undefined
}

async function finish(services: IngestionServices, run: Run): Promise<undefined> {
  await services.db.transaction(async (tx) => {
    await finishReport(tx, run, { status: 'complete', reason: null })
    await finishRun(tx, run, { status: 'complete' })
    const { api } = apiOf(services.platforms, run.platform)
    await queueMore(tx, run, { api, news: await hasRepaired(tx, run) })
  })
  countRun(services, run, 'complete')
  return undefined
}

async function waitFor({ db }: IngestionServices, run: Run, until: Date): Promise<JobResult> {
  await markWaiting(db, run, until)
  return { runAgainAt: until }
}
