import { z } from 'zod'
import { defineTask, type JobResult, PRIORITY } from '../runtime/jobs.ts'
import { findToEnrich, isOnItsWay } from './enrichment-queries.ts'
import { fetchDetails } from './fetch-details.ts'
import { apiOf, type IngestionServices } from './services.ts'
import { storeArriving } from './store-arriving.ts'

const UNPROCESSED_DELAY_MS = 5_000

/** What there is besides the details of an activity that a notice brought (its series, say), out of the spare part of the budget; once. */
export const enrichActivity = defineTask<IngestionServices>()({
  identifier: 'enrich_activity',
  payload: z.object({
    userId: z.uuid(),
    platform: z.string(),
    sourceId: z.string(),
    dataTypes: z.array(z.string()),
  }),
  jobKey: ({ userId, platform, sourceId }) => `enrich_activity:${platform}:${userId}:${sourceId}`,
  priority: PRIORITY.enrichment,
  queue: 'enrichment',
  maxAttempts: 5,
  async run({ sourceId, dataTypes, ...key }, services): Promise<JobResult> {
    const { enrichment } = apiOf(services.platforms, key.platform).api
    if (enrichment === undefined) return undefined
    const activity = await findToEnrich(services.db, key, { sourceId, days: enrichment.days, dataTypes })
    if (activity === undefined) {
      // The series of an activity have no place before it is there.
      const coming = await isOnItsWay(services.db, key, sourceId)
      return coming ? { runAgainAt: new Date(Date.now() + UNPROCESSED_DELAY_MS) } : undefined
    }
    const requests = enrichment.requests(sourceId).filter(({ dataType }) => activity.lacking.includes(dataType))
    const metadata = { from: 'enrichment' }
    const fetched = await fetchDetails(services, { key, sourceId, localDay: activity.localDay, requests, metadata })
    if (fetched.kind === 'wait') return { runAgainAt: fetched.until }
    await storeArriving(services, fetched.raws, (storePayload) =>
      services.db.transaction(async (tx) => {
        for (const raw of fetched.raws) await storePayload(tx, raw)
      }),
    )
    return undefined
  },
})
