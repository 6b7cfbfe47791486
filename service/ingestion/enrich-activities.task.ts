import { z } from 'zod'
import { defineTask, enqueue, type JobResult, PRIORITY } from '../runtime/jobs.ts'
import { failRun } from './end-run.ts'
import { type EnrichmentCursor, findNextToEnrich, hasUnprocessedRaw } from './enrichment-queries.ts'
import { fetchDetails } from './fetch-details.ts'
import { advanceRun, findRunningRun, finishRun, markWaiting, type SyncRun } from './runs.ts'
import { apiOf, type IngestionServices } from './services.ts'
import { storeArriving } from './store-arriving.ts'
import { lockForRun, type NewRawData } from './store-raw.ts'

const UNPROCESSED_DELAY_MS = 2_000

/** Details and series of the newest activities, one activity a job, out of the part of the budget that nobody else needs. */
export const enrichActivities = defineTask<IngestionServices>()({
  identifier: 'enrich_activities',
  payload: z.object({ userId: z.uuid(), runId: z.uuid() }),
  jobKey: ({ runId }) => `enrich_activities:${runId}`,
  priority: PRIORITY.enrichment,
  queue: 'enrichment',
  async run(key, services): Promise<JobResult> {
    const run = await findRunningRun<EnrichmentCursor>(services.db, key)
    if (run === undefined) return undefined
    try {
      return await enrichNext(services, run)
    } catch (error) {
      await failRun(services, run, error)
      throw error
    }
  },
})

async function enrichNext(services: IngestionServices, run: SyncRun<EnrichmentCursor>): Promise<JobResult> {
  const { api } = apiOf(services.platforms, run.platform)
  // The list of what to enrich is complete only once every page of the history is normalized; what it fetches itself adds nothing to it.
  const atStart = run.cursor.localDay === undefined
  if (atStart && (await hasUnprocessedRaw(services.db, run)))
    return { runAgainAt: new Date(Date.now() + UNPROCESSED_DELAY_MS) }
  const next = api.enrichment && (await findNextToEnrich(services.db, { ...run, days: api.enrichment.days }))
  if (next === undefined) return finish(services, run)
  const { sourceId, localDay, done } = next
  const { refused = [] } = run.cursor
  const requests = api.enrichment?.requests(sourceId).filter(({ dataType }) => !refused.includes(dataType)) ?? []
  const metadata = { sync_run_id: run.runId }
  const fetched = await fetchDetails(services, { key: run, sourceId, localDay, requests, metadata })
  if (fetched.kind === 'wait') {
    await markWaiting(services.db, run, fetched.until)
    return { runAgainAt: fetched.until }
  }
  const cursor = { sourceId, localDay, done, refused: [...refused, ...fetched.refused] }
  await keep(services, { run, raws: fetched.raws, cursor, done: done / (done + next.remaining) })
  return undefined
}

async function finish({ db }: IngestionServices, run: SyncRun<EnrichmentCursor>): Promise<undefined> {
  await db.transaction(async (tx) => {
    await lockForRun(tx, run)
    await finishRun(tx, run, { status: 'complete' })
  })
  return undefined
}

interface Enriched {
  readonly run: SyncRun<EnrichmentCursor>
  readonly raws: readonly NewRawData[]
  readonly cursor: EnrichmentCursor
  readonly done: number
}

async function keep(services: IngestionServices, { run, raws, cursor, done }: Enriched): Promise<void> {
  const progress = Math.min(0.99, Math.round(done * 10_000) / 10_000)
  await storeArriving(services, raws, (storePayload) =>
    services.db.transaction(async (tx) => {
      await lockForRun(tx, run)
      const moved = await advanceRun(tx, run, { reached: null, progress, records: raws.length, nextCursor: cursor })
      if (!moved) return
      for (const raw of raws) await storePayload(tx, raw)
      await enqueue(tx, enrichActivities, { payload: { userId: run.userId, runId: run.runId } })
    }),
  )
}
