import type { BoundAction } from './api/actions.ts'
import { batchSyncAction } from './api/batch-sync.action.ts'
import { bindAction } from './api/bind-action.ts'
import { cancelSyncAction } from './api/cancel-sync.action.ts'
import { importHistoryAction } from './api/import-history.action.ts'
import { syncNowAction } from './api/sync-now.action.ts'
import { planDuePolls } from './ingestion/plan-polls.task.ts'
import { pollConnection } from './ingestion/poll-connection.task.ts'
import type { SyncServices } from './ingestion/start-sync.ts'
import { watchConnections } from './ingestion/watch-connections.task.ts'
import { type BindOptions, type BoundTask, bindTask } from './runtime/jobs.ts'
import type { Wiring } from './wiring.ts'

/** What watches over connections: silence, polling, reconciliation. */
export function bindSyncTasks({ ingestion }: Pick<Wiring, 'ingestion'>, options: BindOptions): readonly BoundTask[] {
  return [
    bindTask(watchConnections, ingestion, { ...options, schedule: '* * * * *' }),
    bindTask(planDuePolls, ingestion, { ...options, schedule: '* * * * *' }),
    bindTask(pollConnection, ingestion, options),
  ]
}

/** What people and operators ask of the sync engine. */
export function bindSyncActions(services: SyncServices): readonly BoundAction[] {
  return [
    bindAction(syncNowAction, services),
    bindAction(importHistoryAction, services),
    bindAction(cancelSyncAction, services),
    bindAction(batchSyncAction, services),
  ]
}
