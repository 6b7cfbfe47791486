import { sealAuditTrail } from './compliance/audit/seal-audit-trail.task.ts'
import { deleteExpiredStates } from './connections/delete-expired-states.task.ts'
import { refreshIdleTokens } from './connections/refresh-idle-tokens.task.ts'
import { renewIdleTokens } from './connections/renew-idle-tokens.task.ts'
import { revokeTokens } from './connections/revoke-tokens.task.ts'
import { takeRequest } from './ingestion/budget.ts'
import { checkAccount } from './ingestion/check-account.task.ts'
import { cleanInbox } from './ingestion/clean-inbox.task.ts'
import { createPartitions } from './ingestion/create-partitions.task.ts'
import { ensureWebhookSubscription } from './ingestion/ensure-webhook-subscription.task.ts'
import { followCallback } from './ingestion/follow-callback.task.ts'
import { importHistory } from './ingestion/import-history.task.ts'
import { processDelivery } from './ingestion/process-delivery.task.ts'
import { queueDeliveriesTask } from './ingestion/queue-deliveries.task.ts'
import { renewSubscriptions } from './ingestion/renew-subscriptions.task.ts'
import { normalizeRawData } from './normalization/normalize-raw-data.task.ts'
import { sweepUnprocessed } from './normalization/sweep-unprocessed.task.ts'
import { type BindOptions, type BoundTask, bindTask } from './runtime/jobs.ts'
import { urgentFirst } from './runtime/urgent-first.ts'
import { wireAuditSealing } from './wire-audit.ts'
import { bindBackupTasks } from './wire-backup.ts'
import { bindBreachTasks } from './wire-breach.ts'
import { bindErasureTasks, refuseErased } from './wire-erasure.ts'
import { admitByRate, bindFailureTasks } from './wire-failures.ts'
import { bindMonitoringTasks } from './wire-monitoring.ts'
import { bindPrivacyTasks } from './wire-privacy.ts'
import { bindSummaryTasks } from './wire-summaries.ts'
import { bindSyncTasks } from './wire-sync.ts'
import { bindUploadTasks } from './wire-uploads.ts'
import { bindVaultTasks } from './wire-vault.ts'
import type { Wiring } from './wiring.ts'

/** Every background job, with its services and its schedule (UTC). */
export function bindTasks(wiring: Wiring): readonly BoundTask[] {
  const { config, db, log, metrics, audit, connections, ingestion, normalization, uploads } = wiring
  const options: BindOptions = {
    db,
    log,
    tracer: wiring.tracer,
    fence: wiring.fence,
    observe: ({ name, seconds, outcome }) => {
      metrics.jobDuration.observe({ task: name, outcome }, seconds)
      if (name === processDelivery.identifier) metrics.webhookProcessing.observe({ outcome }, seconds)
    },
    admit: admitByRate(db, config.worker.perMinute),
    countDead: (letter) => metrics.deadLetters.inc(letter),
  }
  const sealing = wireAuditSealing(config)
  const tasks = [
    ...bindErasureTasks(wiring, options),
    ...bindBreachTasks(wiring, options),
    ...bindVaultTasks(wiring, options),
    ...(sealing === undefined
      ? []
      : [bindTask(sealAuditTrail, { db, ...sealing }, { ...options, schedule: '* * * * *' })]),
    ...bindMonitoringTasks({ config, db }, options),
    ...bindBackupTasks({ config, db, audit }, options),
    ...bindPrivacyTasks(wiring, options),
    bindTask(ensureWebhookSubscription, ingestion, options),
    bindTask(queueDeliveriesTask, ingestion, options),
    bindTask(processDelivery, ingestion, options),
    bindTask(importHistory, ingestion, options),
    ...bindSyncTasks(wiring, options),
    ...bindUploadTasks(uploads, options),
    bindTask(followCallback, ingestion, options),
    bindTask(checkAccount, ingestion, options),
    bindTask(cleanInbox, ingestion, { ...options, schedule: '17 * * * *' }),
    bindTask(renewSubscriptions, ingestion, { ...options, schedule: '43 4 * * *' }),
    bindTask(normalizeRawData, normalization, options),
    ...bindSummaryTasks(db, metrics, options),
    ...bindFailureTasks(db, options),
    bindTask(sweepUnprocessed, { db }, { ...options, schedule: '* * * * *' }),
    bindTask(revokeTokens, connections, options),
    bindTask(refreshIdleTokens, connections, { ...options, schedule: '17 * * * *' }),
    bindTask(renewIdleTokens, { ...connections, takeSpareRequest: (id) => takeRequest(db, id, 'enrichment') }, options),
    bindTask(deleteExpiredStates, connections, { ...options, schedule: '*/10 * * * *' }),
    bindTask(createPartitions, { db }, { ...options, schedule: '0 3 * * *' }),
  ]
  const order = urgentFirst()
  return tasks.map((task) => order(refuseErased(task, wiring)))
}
