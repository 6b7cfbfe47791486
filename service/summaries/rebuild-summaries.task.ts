import { z } from 'zod'
import { defineTask, PRIORITY } from '../runtime/jobs.ts'
import { rebuildWaiting, type SummaryServices } from './rebuild-waiting.ts'

/** Rebuilds a person's days from their rows, never adds to them: the same rows give the same summaries. Newest days first. */
export const rebuildSummaries = defineTask<SummaryServices>()({
  identifier: 'rebuild_summaries',
  payload: z.object({ userId: z.uuid() }),
  jobKey: ({ userId }) => `rebuild_summaries:${userId}`,
  priority: PRIORITY.webhook,
  async run({ userId }, services) {
    await rebuildWaiting(services, userId)
    return undefined
  },
})
