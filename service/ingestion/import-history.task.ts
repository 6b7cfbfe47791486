import { z } from 'zod'
import type { HistoryPage } from '../platforms/contract.ts'
import { AppError } from '../runtime/errors.ts'
import { defineTask, enqueue, type JobResult, PRIORITY } from '../runtime/jobs.ts'
import { parseJson } from '../runtime/json.ts'
import { estimateProgress } from './decide-progress.ts'
import { enrichActivities } from './enrich-activities.task.ts'
import { type PlatformReply, requestPlatform } from './request-platform.ts'
import { advanceRun, findRunningRun, finishRun, insertRun, markSynced, markWaiting, type SyncRun } from './runs.ts'
import { type History, historyOf, type IngestionServices } from './services.ts'
import { storeRaw } from './store-raw.ts'

const ENRICHMENT_DELAY_MS = 5_000

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
      if (error instanceof AppError && !error.spec.retry)
        await finishRun(services.db, key, { status: 'failed', errorCode: error.code })
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
      await keepPage(services, { run, text: '', page: reply.page })
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
  const urgency = run.kind === 'incremental' ? 'interactive' : 'history'
  try {
    return await requestPlatform(services, { key: run, request: history.request(cursor), urgency })
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

async function keepPage(
  services: IngestionServices,
  { run, text, page }: { run: SyncRun; text: string; page: HistoryPage },
): Promise<void> {
  const { history, api } = historyOf(services.platforms, run.platform)
  const done = page.next === null || (page.reached !== null && page.reached < run.since)
  await services.db.transaction(async (tx) => {
    const reached = page.reached ?? run.until
    const moved = await advanceRun(tx, run, {
      reached: page.reached,
      progress: estimateProgress({ since: run.since, until: run.until, reached }),
      records: page.recordCount,
      nextCursor: page.next ?? run.cursor,
    })
    if (!moved) return // another worker kept this page
    const metadata = { sync_run_id: run.runId, cursor: run.cursor }
    if (page.recordCount > 0) await storeRaw(tx, { ...run, dataType: history.dataType(run.cursor), text, metadata })
    await markSynced(tx, run)
    if (!done) return enqueue(tx, importHistory, { payload: { userId: run.userId, runId: run.runId } })
    await finishRun(tx, run, { status: 'complete' })
    const more = api.enrichment ?? api.profile
    if (run.kind === 'history' && more !== undefined) await queueEnrichment(tx, run)
  })
  if (done) {
    const seconds = (Date.now() - run.startedAt.getTime()) / 1000
    services.countSync({ platform: run.platform, kind: run.kind, outcome: 'complete', seconds })
  }
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
  })
  const payload = { userId, runId }
  if (started) await enqueue(tx, enrichActivities, { payload, runAt: new Date(Date.now() + ENRICHMENT_DELAY_MS) })
}
