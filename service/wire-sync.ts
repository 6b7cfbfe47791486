import type { BoundAction } from './api/actions.ts'
import { batchSyncAction } from './api/batch-sync.action.ts'
import { bindAction } from './api/bind-action.ts'
import { cancelSyncAction } from './api/cancel-sync.action.ts'
import { importHistoryAction } from './api/import-history.action.ts'
import { reconcileUserAction } from './api/reconcile-user.action.ts'
import { syncNowAction } from './api/sync-now.action.ts'
import { enrichActivities } from './ingestion/enrich-activities.task.ts'
import { enrichActivity } from './ingestion/enrich-activity.task.ts'
import { planDuePolls } from './ingestion/plan-polls.task.ts'
import { planNight } from './ingestion/plan-reconciliations.task.ts'
import { pollConnection } from './ingestion/poll-connection.task.ts'
import { reconcileConnection } from './ingestion/reconcile-connection.task.ts'
import type { ReconcileServices } from './ingestion/reconcile-user.ts'
import { refreshProfile } from './ingestion/refresh-profile.task.ts'
import { requestBackfill } from './ingestion/request-backfill.task.ts'
import { settleBackfill } from './ingestion/settle-backfill.task.ts'
import { startReconciliationTask } from './ingestion/start-reconciliation.task.ts'
import type { SyncServices } from './ingestion/start-sync.ts'
import { sweepStuck } from './ingestion/sweep-stuck.task.ts'
import { watchConnections } from './ingestion/watch-connections.task.ts'
import { type BindOptions, type BoundTask, bindTask } from './runtime/jobs.ts'
import type { Wiring } from './wiring.ts'

/** What watches over connections: silence, polling, reconciliation; what a platform sends when it is asked, and what lists do not tell. */
export function bindSyncTasks({ ingestion }: Pick<Wiring, 'ingestion'>, options: BindOptions): readonly BoundTask[] {
  return [
    bindTask(watchConnections, ingestion, { ...options, schedule: '* * * * *' }),
    bindTask(planDuePolls, ingestion, { ...options, schedule: '* * * * *' }),
    bindTask(pollConnection, ingestion, options),
    bindTask(planNight, ingestion, { ...options, schedule: '0 2 * * *' }),
    bindTask(startReconciliationTask, ingestion, options),
    bindTask(reconcileConnection, ingestion, options),
    bindTask(enrichActivities, ingestion, options),
    bindTask(enrichActivity, ingestion, options),
    bindTask(refreshProfile, ingestion, options),
    bindTask(requestBackfill, ingestion, options),
    bindTask(settleBackfill, ingestion, options),
    bindTask(sweepStuck, ingestion, { ...options, schedule: '* * * * *' }),
  ]
}

/** What people and operators ask of the sync engine. */
export function bindSyncActions(services: SyncServices & ReconcileServices): readonly BoundAction[] {
  return [
    bindAction(syncNowAction, services),
    bindAction(importHistoryAction, services),
    bindAction(cancelSyncAction, services),
    bindAction(batchSyncAction, services),
    bindAction(reconcileUserAction, services),
  ]
}
