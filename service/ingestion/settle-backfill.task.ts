import { z } from 'zod'
import { defineTask, type JobResult, PRIORITY } from '../runtime/jobs.ts'
import { closeWindows, countArrivals, lockBackfill, saveSettled } from './arrivals.ts'
import { apiOf, type IngestionServices } from './services.ts'
import { isOver, lookAgainAt, settleResults } from './settle-results.ts'

const MINUTE_MS = 60_000

/** Looks what came of the history that a platform was asked for, until the time for it is over: a platform says neither when nor that it is done. */
export const settleBackfill = defineTask<IngestionServices>()({
  identifier: 'settle_backfill',
  payload: z.object({ userId: z.uuid(), runId: z.uuid() }),
  jobKey: ({ runId }) => `settle_backfill:${runId}`,
  priority: PRIORITY.history,
  async run(key, services): Promise<JobResult> {
    return services.db.transaction(async (tx) => {
      const run = await lockBackfill(tx, key)
      if (run === undefined) return undefined
      if (run.status === 'running') return { runAgainAt: new Date(run.now.getTime() + MINUTE_MS) }
      const windows = await countArrivals(tx, run)
      const lastAskedAt = new Date(Math.max(...windows.map(({ askedAt }) => askedAt.getTime())))
      const hours = apiOf(services.platforms, run.platform).api.backfill?.waitHours ?? 0
      const waiting = { now: run.now, lastAskedAt, hours, isEnded: run.isOrphan }
      await saveSettled(tx, key, settleResults(run.results, windows, waiting))
      if (!isOver(waiting) && windows.length > 0) return { runAgainAt: lookAgainAt(waiting) }
      if (!run.isOrphan) await closeWindows(tx, key)
      return undefined
    })
  },
})
