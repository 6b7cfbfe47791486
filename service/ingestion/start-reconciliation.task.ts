import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Platforms } from '../platforms/contract.ts'
import type { Tx } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { defineTask, enqueue, PRIORITY } from '../runtime/jobs.ts'
import { reconcileConnection } from './reconcile-connection.task.ts'
import { insertReport } from './reconciliation-queries.ts'
import { type AskedBy, insertRun } from './runs.ts'
import { apiOf, type ConnectionKey, type IngestionServices } from './services.ts'
import { lockSyncable } from './start-sync.ts'

const DAY_MS = 86_400_000
const AHEAD_MS = DAY_MS

/** The night's turn of one connection. */
export const startReconciliationTask = defineTask<Pick<IngestionServices, 'db' | 'platforms' | 'reconcileDays'>>()({
  identifier: 'start_reconciliation',
  payload: z.object({ userId: z.uuid(), platform: z.string() }),
  jobKey: ({ userId, platform }) => `start_reconciliation:${platform}:${userId}`,
  priority: PRIORITY.history,
  queue: 'reconciliation',
  async run(key, services) {
    await services.db.transaction(async (tx) => {
      try {
        await startReconciliation(services, tx, { ...key, askedBy: 'schedule' })
      } catch (error) {
        // Meanwhile it ended, or its person took back their consent: there is nothing to compare.
        if (!(error instanceof AppError) || !/^(connection|consent)\//.test(error.code)) throw error
      }
    })
    return undefined
  },
})

/**
 * Begins a comparison, or answers the one that is going on: they never overlap. Where the platform has no list the report says so at
 * once. Throws connection/not_found, connection/reauth_required, consent/required, platform/unknown.
 */
export async function startReconciliation(
  { platforms, reconcileDays }: { readonly platforms: Platforms; readonly reconcileDays: number },
  tx: Tx,
  asked: ConnectionKey & { readonly askedBy: AskedBy },
): Promise<{ reportId: string }> {
  const { userId } = asked
  const { platform, api } = apiOf(platforms, asked.platform)
  await lockSyncable(tx, asked)
  // What is kept for a week only is not missing after it.
  const days = Math.min(reconcileDays, platform.policy.retentionDays ?? reconcileDays)
  const now = new Date()
  const [since, until] = [new Date(now.getTime() - days * DAY_MS), new Date(now.getTime() + AHEAD_MS)]
  const { history } = api
  if (history === undefined) {
    const reportId = randomUUID()
    await insertReport(tx, { ...asked, reportId, since, until, status: 'not_available', reason: 'no_list_to_compare' })
    return { reportId }
  }
  const cursor = { list: history.first(until), upper: until.toISOString() }
  const { runId, started } = await insertRun(tx, { ...asked, kind: 'reconciliation', since, until, cursor })
  if (started) {
    await insertReport(tx, { ...asked, reportId: runId, since, until, status: 'running', reason: null })
    await enqueue(tx, reconcileConnection, { payload: { userId, runId } })
  }
  return { reportId: runId }
}
