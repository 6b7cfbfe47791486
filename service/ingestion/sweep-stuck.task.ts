import { z } from 'zod'
import type { Platforms } from '../platforms/contract.ts'
import type { Tx } from '../runtime/db.ts'
import { defineTask, enqueue } from '../runtime/jobs.ts'
import { enrichActivities } from './enrich-activities.task.ts'
import { followCallback } from './follow-callback.task.ts'
import { importHistory } from './import-history.task.ts'
import { processDelivery } from './process-delivery.task.ts'
import { reconcileConnection } from './reconcile-connection.task.ts'
import { requestBackfill } from './request-backfill.task.ts'
import type { IngestionServices } from './services.ts'
import { findStuckCallbacks, findStuckDeliveries, findStuckRuns, type StuckRun } from './stuck-queries.ts'
import { priorityOf } from './sync-rules.ts'

const BATCH = 1_000

/** Work that waits and has no job any more, for whatever reason, gets one: what was stored is never forgotten. */
export const sweepStuck = defineTask<Pick<IngestionServices, 'db' | 'platforms'>>()({
  identifier: 'sweep_stuck',
  payload: z.unknown(),
  jobKey: () => 'sweep_stuck',
  async run(_payload, { db, platforms }) {
    await db.transaction(async (tx) => {
      for (const payload of await findStuckDeliveries(tx, BATCH)) await enqueue(tx, processDelivery, { payload })
      for (const payload of await findStuckCallbacks(tx, BATCH)) await enqueue(tx, followCallback, { payload })
      for (const run of await findStuckRuns(tx, BATCH)) await queueAgain(platforms, tx, run)
    })
    return undefined
  },
})

async function queueAgain(platforms: Platforms, tx: Tx, { userId, runId, ...run }: StuckRun): Promise<void> {
  const payload = { userId, runId }
  if (run.kind === 'reconciliation') return enqueue(tx, reconcileConnection, { payload })
  if (run.kind === 'enrichment') return enqueue(tx, enrichActivities, { payload })
  const { api } = platforms.get(run.platform) ?? {}
  if (api === undefined) return // switched off at present
  if (api.history === undefined) return enqueue(tx, requestBackfill, { payload })
  return enqueue(tx, importHistory, { payload, priority: priorityOf(run) })
}
