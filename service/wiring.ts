import type { KeyServices } from './access/api-keys.ts'
import { createRateLimiter, type TakeRequest } from './access/rate-limit.ts'
import { createTokenVerifier, type VerifyToken } from './access/verify-token.ts'
import type { BoundAction } from './api/actions.ts'
import { approveEmergencyAccessAction } from './api/approve-emergency-access.action.ts'
import { auditAction } from './api/audited-action.ts'
import { bindAction } from './api/bind-action.ts'
import { checkConnectionAction } from './api/check-connection.action.ts'
import { completeConnectionAction } from './api/complete-connection.action.ts'
import { connectPlatformAction } from './api/connect-platform.action.ts'
import { createApiKeyAction } from './api/create-api-key.action.ts'
import { disconnectPlatformAction } from './api/disconnect-platform.action.ts'
import { orderSourcesAction } from './api/order-sources.action.ts'
import { readAsEmergencyAction } from './api/read-as-emergency.action.ts'
import { refreshConnectionAction } from './api/refresh-connection.action.ts'
import { requestEmergencyAccessAction } from './api/request-emergency-access.action.ts'
import { revokeApiKeyAction } from './api/revoke-api-key.action.ts'
import { revokeUserTokensAction } from './api/revoke-user-tokens.action.ts'
import { rotateApiKeyAction } from './api/rotate-api-key.action.ts'
import { rotateKeysAction } from './api/rotate-keys.action.ts'
import { syncNowAction } from './api/sync-now.action.ts'
import { uploadHealthSamplesAction } from './api/upload-health-samples.action.ts'
import { auditVault } from './compliance/audit/audited-vault.ts'
import { createAudit } from './compliance/audit/record-audit.ts'
import type { RefusalTrail } from './compliance/audit/refusal-trail.ts'
import { sealAuditTrail } from './compliance/audit/seal-audit-trail.task.ts'
import type { Config } from './config.ts'
import { deleteExpiredStates } from './connections/delete-expired-states.task.ts'
import { endByPlatform, findConnectionByAccount, markWebhook } from './connections/find-connection.ts'
import { findGrantedScopes, setGrantedScopes } from './connections/granted-scopes.ts'
import { refreshIdleTokens } from './connections/refresh-idle-tokens.task.ts'
import { renewIdleTokens } from './connections/renew-idle-tokens.task.ts'
import { revokeTokens } from './connections/revoke-tokens.task.ts'
import type { ConnectionServices } from './connections/services.ts'
import { withAccessToken } from './connections/with-access-token.ts'
import { takeRequest } from './ingestion/budget.ts'
import { checkAccount } from './ingestion/check-account.task.ts'
import { cleanInbox } from './ingestion/clean-inbox.task.ts'
import { createPartitions } from './ingestion/create-partitions.task.ts'
import { enrichActivities } from './ingestion/enrich-activities.task.ts'
import { ensureWebhookSubscription } from './ingestion/ensure-webhook-subscription.task.ts'
import { followCallback } from './ingestion/follow-callback.task.ts'
import { importHistory } from './ingestion/import-history.task.ts'
import { probeConnection } from './ingestion/probe-connection.ts'
import { processDelivery } from './ingestion/process-delivery.task.ts'
import { renewSubscriptions } from './ingestion/renew-subscriptions.task.ts'
import { requestBackfill } from './ingestion/request-backfill.task.ts'
import { cancelRuns } from './ingestion/runs.ts'
import type { IngestionServices } from './ingestion/services.ts'
import { queueHistory } from './ingestion/start-sync.ts'
import { createMetrics, type Metrics } from './monitoring/metrics.ts'
import { countConnections, findPausedEndpoints } from './monitoring/queries.ts'
import { normalizeRawData } from './normalization/normalize-raw-data.task.ts'
import { createSamplePartitions } from './normalization/sample-partitions.ts'
import type { NormalizationServices } from './normalization/services.ts'
import { sweepUnprocessed } from './normalization/sweep-unprocessed.task.ts'
import type { SendRequest } from './platforms/contract.ts'
import type { RecordAudit } from './runtime/audit-event.ts'
import { type Database, openDatabase } from './runtime/db.ts'
import { sendRequest } from './runtime/http-client.ts'
import { type BindOptions, type BoundTask, bindTask } from './runtime/jobs.ts'
import { createLog, describeError, type Log } from './runtime/log.ts'
import { createTurns, type TakeTurn } from './runtime/one-at-a-time.ts'
import { createOrigins, type Origins } from './runtime/origin.ts'
import { queueRebuild } from './summaries/queue-rebuild.ts'
import { countVault } from './vault/counted-vault.ts'
import type { Vault } from './vault/vault.ts'
import { wireAuditSealing, wireEmergency, wireRefusals } from './wire-audit.ts'
import { bindBackupTasks } from './wire-backup.ts'
import { bindSummaryTasks } from './wire-summaries.ts'
import { bindUploadTasks, type UploadParts, wireUploads } from './wire-uploads.ts'
import { bindVaultTasks, rotationAction, wireVault } from './wire-vault.ts'

const PLATFORM_LIMITS = { timeoutMs: 30_000, maxBytes: 32 * 1024 * 1024 }

/** Everything one process needs, in the order of the flow: consent, ingestion, normalization, summaries. */
export interface Wiring {
  readonly config: Config
  readonly log: Log
  readonly db: Database
  readonly vault: Vault
  readonly metrics: Metrics
  readonly origins: Origins
  readonly audit: RecordAudit
  readonly refusals: RefusalTrail
  readonly connections: ConnectionServices
  readonly ingestion: IngestionServices
  readonly normalization: NormalizationServices
  readonly apiKeys: KeyServices
  readonly uploads: UploadParts
  readonly verifyToken: VerifyToken | undefined
  readonly takeRequest: TakeRequest
}

export function wire(config: Config, processName: 'service' | 'worker' | 'cli'): Wiring {
  const log = createLog({ level: config.logLevel, process: processName })
  const { db, bookkeepingDb } = openPools(config, { log, processName })
  const metrics = createMetrics({
    countConnections: () => countConnections(db),
    findPausedEndpoints: () => findPausedEndpoints(db),
  })
  const origins = createOrigins()
  const audit = createAudit({
    origins,
    count: ({ action, outcome }) => metrics.dataAccessAudit.inc({ action, outcome }),
  })
  const counted = countVault(wireVault(config.vault, { db, bookkeepingDb }), (done) =>
    metrics.encryptionOperations.inc({ ...done }),
  )
  const vault = auditVault({ db, vault: counted, audit, origins })
  const connections = wireConnections({ config, db, vault, metrics, audit })
  const takeTurn = createTurns({ mostWaiting: Math.floor(config.worker.concurrency / 2) })
  const ingestion = wireIngestion({ config, db, vault, metrics, connections, takeTurn })
  const normalization = wireNormalization({ config, db, metrics, takeTurn })
  const uploads = wireUploads({ vault, ingestion, normalization })
  const verifyToken = config.access.tokens === undefined ? undefined : createTokenVerifier(config.access.tokens)
  const takeRequest = createRateLimiter({
    db,
    limits: config.access.limits,
    onStoreDown: () => metrics.rateLimitStoreDown.inc(),
  })
  const apiKeys: KeyServices = { db, platforms: config.platforms, audit }
  return {
    config,
    log,
    db,
    vault,
    metrics,
    origins,
    audit,
    refusals: wireRefusals({ db, audit, log }),
    connections,
    ingestion,
    normalization,
    apiKeys,
    uploads,
    verifyToken,
    takeRequest,
  }
}

/** Who seals inside a transaction holds a connection already: a pool that all of them share could wait for itself. */
function openPools(
  config: Config,
  { log, processName }: { log: Log; processName: string },
): { db: Database; bookkeepingDb: Database } {
  const options = {
    ...config.database,
    applicationName: `tributary-${processName}`,
    onIdleError: (error: Error) => log.warn({ operation: 'database', ...describeError(error) }, 'connection lost'),
  }
  const pool = openDatabase(options)
  const bookkeepingDb = openDatabase({ ...options, maxConnections: 1 })
  const close = async () => void (await Promise.all([pool.close(), bookkeepingDb.close()]))
  return { db: { ...pool, close }, bookkeepingDb }
}

type Parts = Pick<Wiring, 'config' | 'db' | 'vault' | 'metrics'>

function wireConnections({ config, db, vault, metrics, audit }: Parts & Pick<Wiring, 'audit'>): ConnectionServices {
  return {
    db,
    vault,
    platforms: config.platforms,
    servicePublicUrl: config.servicePublicUrl,
    appRedirectUris: config.appRedirectUris,
    audit,
    queueHistory: (tx, key) => queueHistory(config.platforms, tx, key),
    cancelRuns,
    countRefreshFailure: (platform, reason) => metrics.tokenRefreshFailures.inc({ platform, reason }),
  }
}

function wireIngestion({
  config,
  db,
  vault,
  metrics,
  connections,
  takeTurn,
}: Parts & Pick<Wiring, 'connections'> & { takeTurn: TakeTurn }): IngestionServices {
  return {
    db,
    takeTurn,
    platforms: config.platforms,
    servicePublicUrl: config.servicePublicUrl,
    send: sendToPlatform,
    sealInbox: (platform, body) => vault.sealInbox(platform, body),
    openInbox: (platform, sealed) => vault.openInbox(platform, sealed),
    withAccessToken: (key, use) => withAccessToken(connections, key, use),
    findConnectionByAccount: (account) => findConnectionByAccount(db, account),
    markWebhook,
    endByPlatform: (tx, key) => endByPlatform(connections, tx, key),
    findGrantedScopes: (key) => findGrantedScopes(db, key),
    setGrantedScopes: (tx, key, granted) => setGrantedScopes(config.platforms, tx, { key, granted }),
    countSync: ({ platform, kind, outcome, seconds }) => {
      metrics.syncOperations.inc({ platform, kind, outcome })
      metrics.syncDuration.observe({ platform, kind }, seconds)
    },
  }
}

function wireNormalization({
  config,
  db,
  metrics,
  takeTurn,
}: Pick<Wiring, 'config' | 'db' | 'metrics'> & { takeTurn: TakeTurn }): NormalizationServices {
  return {
    db,
    takeTurn,
    platforms: config.platforms,
    queueRebuild,
    ensureSamplePartitions: createSamplePartitions(db),
    countRejected: (platform, records) => metrics.recordsRejected.inc({ platform }, records),
  }
}

const sendToPlatform: SendRequest = (request) => sendRequest(request, PLATFORM_LIMITS)

/** Every Hasura action, with its services. */
export function bindActions(wiring: Wiring): readonly BoundAction[] {
  const { db, config, connections, ingestion, apiKeys, audit, uploads } = wiring
  const emergency = wireEmergency(wiring)
  const actions = [
    bindAction(connectPlatformAction, connections),
    bindAction(completeConnectionAction, connections),
    bindAction(disconnectPlatformAction, connections),
    bindAction(refreshConnectionAction, connections),
    bindAction(checkConnectionAction, { db, probe: (key) => probeConnection(ingestion, key) }),
    bindAction(requestEmergencyAccessAction, emergency),
    bindAction(approveEmergencyAccessAction, emergency),
    bindAction(readAsEmergencyAction, emergency),
    bindAction(syncNowAction, { db, platforms: config.platforms }),
    bindAction(uploadHealthSamplesAction, uploads),
    bindAction(orderSourcesAction, { db }),
    bindAction(createApiKeyAction, apiKeys),
    bindAction(rotateApiKeyAction, apiKeys),
    bindAction(revokeApiKeyAction, apiKeys),
    bindAction(rotateKeysAction, rotationAction({ db, audit })),
    bindAction(revokeUserTokensAction, { ...connections, audit }),
  ]
  return actions.map((action) => auditAction(action, wiring))
}

/** Every background job, with its services and its schedule (UTC). */
export function bindTasks(wiring: Wiring): readonly BoundTask[] {
  const { config, db, log, metrics, audit, connections, ingestion, normalization, uploads } = wiring
  const options: BindOptions = {
    db,
    log,
    observe: ({ name, seconds, outcome }) => {
      metrics.jobDuration.observe({ task: name, outcome }, seconds)
      if (name === processDelivery.identifier) metrics.webhookProcessing.observe({ outcome }, seconds)
    },
  }
  const sealing = wireAuditSealing(config)
  return [
    ...bindVaultTasks(wiring, options),
    ...(sealing === undefined
      ? []
      : [bindTask(sealAuditTrail, { db, ...sealing }, { ...options, schedule: '* * * * *' })]),
    ...bindBackupTasks({ config, db, audit }, options),
    bindTask(ensureWebhookSubscription, ingestion, options),
    bindTask(processDelivery, ingestion, options),
    bindTask(importHistory, ingestion, options),
    bindTask(enrichActivities, ingestion, options),
    ...bindUploadTasks(uploads, options),
    bindTask(requestBackfill, ingestion, options),
    bindTask(followCallback, ingestion, options),
    bindTask(checkAccount, ingestion, options),
    bindTask(cleanInbox, ingestion, { ...options, schedule: '17 * * * *' }),
    bindTask(renewSubscriptions, ingestion, { ...options, schedule: '43 4 * * *' }),
    bindTask(normalizeRawData, normalization, options),
    ...bindSummaryTasks(db, metrics, options),
    bindTask(sweepUnprocessed, { db }, { ...options, schedule: '* * * * *' }),
    bindTask(revokeTokens, connections, options),
    bindTask(refreshIdleTokens, connections, { ...options, schedule: '17 * * * *' }),
    bindTask(renewIdleTokens, { ...connections, takeSpareRequest: (id) => takeRequest(db, id, 'enrichment') }, options),
    bindTask(deleteExpiredStates, connections, { ...options, schedule: '*/10 * * * *' }),
    bindTask(createPartitions, { db }, { ...options, schedule: '0 3 * * *' }),
  ]
}
