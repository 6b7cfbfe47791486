import type { KeyServices } from './access/api-keys.ts'
import { createRateLimiter, type TakeRequest } from './access/rate-limit.ts'
import { createTokenVerifier, type VerifyToken } from './access/verify-token.ts'
import { type Beginnings, beginPlainly } from './begin.ts'
import { auditVault } from './compliance/audit/audited-vault.ts'
import { createAudit } from './compliance/audit/record-audit.ts'
import type { RefusalTrail } from './compliance/audit/refusal-trail.ts'
import type { Config } from './config.ts'
import type { ConnectionServices } from './connections/services.ts'
import { cancelRuns } from './ingestion/runs.ts'
import type { IngestionServices } from './ingestion/services.ts'
import { queueHistory } from './ingestion/start-sync.ts'
import type { Metrics } from './monitoring/metrics.ts'
import { createSamplePartitions } from './normalization/sample-partitions.ts'
import type { NormalizationServices } from './normalization/services.ts'
import type { RecordAudit } from './runtime/audit-event.ts'
import { type Database, openDatabase } from './runtime/db.ts'
import { createJobFence, type JobFence } from './runtime/job-fence.ts'
import { describeError, type Log } from './runtime/log.ts'
import { createTurns, type Turns } from './runtime/one-at-a-time.ts'
import { createOrigins, type Origins } from './runtime/origin.ts'
import type { Tracer } from './runtime/trace.ts'
import { queueRebuild } from './summaries/queue-rebuild.ts'
import { countVault } from './vault/counted-vault.ts'
import type { Vault } from './vault/vault.ts'
import { wireRefusals } from './wire-audit.ts'
import { withBudgets } from './wire-failures.ts'
import { wireIngestion } from './wire-ingestion.ts'
import { wireMetrics } from './wire-monitoring.ts'
import { type UploadParts, wireUploads } from './wire-uploads.ts'
import { wireVault } from './wire-vault.ts'

/** Everything one process needs, in the order of the flow: consent, ingestion, normalization, summaries. */
export interface Wiring {
  readonly config: Config
  readonly log: Log
  /** Guarded by the fence, as everything is but what keeps keys and tokens: see `job-fence.ts`. */
  readonly db: Database
  readonly fence: JobFence
  readonly vault: Vault
  readonly metrics: Metrics
  readonly tracer: Tracer
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

export function wire(
  config: Config,
  processName: 'service' | 'worker' | 'cli',
  { log, tracer }: Beginnings = beginPlainly(config, processName),
): Wiring {
  const { plain, db, fence, bookkeepingDb } = openPools(config, { log, processName })
  const metrics = wireMetrics({ config, db, bookkeepingDb })
  const origins = createOrigins()
  const audit = createAudit({
    origins,
    count: ({ action, outcome }) => metrics.dataAccessAudit.inc({ action, outcome }),
  })
  const counted = countVault(wireVault(config.vault, { db: plain, bookkeepingDb }), ({ times, ...done }) =>
    metrics.encryptionOperations.inc(done, times),
  )
  const vault = auditVault({ db: plain, vault: counted, audit, origins })
  const connections = wireConnections({ config, db, vault, metrics, audit })
  const turns = createTurns({ mostWaiting: Math.floor(config.worker.atOnce.webhooks / 2) })
  const normalization = wireNormalization({ config, db, metrics, turns })
  const ingestion = wireIngestion({ config, log, db, vault, metrics, connections, normalization, turns })
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
    fence,
    vault,
    metrics,
    tracer,
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
): { plain: Database; db: Database; fence: JobFence; bookkeepingDb: Database } {
  const options = {
    ...config.database,
    applicationName: `tributary-${processName}`,
    onIdleError: (error: Error) => log.warn({ operation: 'database', ...describeError(error) }, 'connection lost'),
  }
  const pool = openDatabase(options)
  const bookkeepingDb = openDatabase({ ...options, maxConnections: 1 })
  const close = async () => void (await Promise.all([pool.close(), bookkeepingDb.close()]))
  const plain = { ...pool, close }
  const fence = createJobFence()
  return { plain, db: fence.guard(plain), fence, bookkeepingDb }
}

type Parts = Pick<Wiring, 'config' | 'db' | 'vault' | 'metrics'>

function wireConnections({ config, db, vault, metrics, audit }: Parts & Pick<Wiring, 'audit'>): ConnectionServices {
  return {
    db,
    vault,
    platforms: withBudgets(db, config.platforms),
    servicePublicUrl: config.servicePublicUrl,
    appRedirectUris: config.appRedirectUris,
    audit,
    queueHistory: (tx, key) => queueHistory(config.platforms, tx, key),
    cancelRuns,
    countRefresh: (platform) => metrics.tokenRefreshes.inc({ platform }),
    countRefreshFailure: (platform, reason) => metrics.tokenRefreshFailures.inc({ platform, reason }),
  }
}

function wireNormalization({
  config,
  db,
  metrics,
  turns,
}: Pick<Wiring, 'config' | 'db' | 'metrics'> & { turns: Turns }): NormalizationServices {
  return {
    db,
    turns,
    platforms: config.platforms,
    queueRebuild,
    ensureSamplePartitions: createSamplePartitions(db),
    countRejected: (platform, records) => metrics.recordsRejected.inc({ platform }, records),
  }
}
