import { refuseAccount } from './compliance/erasure/tombstones.ts'
import type { Config } from './config.ts'
import { endByPlatform, findConnectionByAccount } from './connections/find-connection.ts'
import { findGrantedScopes, setGrantedScopes } from './connections/granted-scopes.ts'
import type { ConnectionServices } from './connections/services.ts'
import { withAccessToken } from './connections/with-access-token.ts'
import type { IngestionServices } from './ingestion/services.ts'
import type { Metrics } from './monitoring/metrics.ts'
import { type ObserveCall, outcomeOf } from './monitoring/platform-calls.ts'
import { openBatch } from './normalization/normalize-batch.ts'
import type { NormalizationServices } from './normalization/services.ts'
import type { Database } from './runtime/db.ts'
import { sendRequest } from './runtime/http-client.ts'
import type { Log } from './runtime/log.ts'
import type { Turns } from './runtime/one-at-a-time.ts'
import { createRoom } from './runtime/room-for-answers.ts'
import { createBackupKey } from './vault/backup/backup-key.ts'
import type { Vault } from './vault/vault.ts'

const PLATFORM_LIMITS = {
  timeoutMs: 60_000,
  headersTimeoutMs: 30_000,
  bodyTimeoutMs: 15_000,
  maxBytes: 32 * 1024 * 1024,
}

/** Packed. Of 20 MB heart rates take six megabytes and recordings one or two; of what usually comes all takes a few kilobytes. */
const ANSWERS = { mostBytes: 6 * 1024 * 1024, unknownBytes: 2 * 1024 * 1024 }

/** One call of a platform, its duration and outcome measured and told of. */
function sender({ config, log, metrics }: Pick<Parts, 'config' | 'log' | 'metrics'>): IngestionServices['send'] {
  const tellsTrace = config.tracing.reachPlatforms
  return async (request, platform) => {
    const started = performance.now()
    const tell = (outcome: Parameters<ObserveCall>[0]['outcome']) => {
      const seconds = (performance.now() - started) / 1000
      metrics.observeCall({ platform, outcome, seconds })
      log.info({ operation: 'platform_call', platform, outcome, duration_ms: Math.round(seconds * 1000) }, 'platform')
    }
    try {
      const answer = await sendRequest({ ...request, tellsTrace }, PLATFORM_LIMITS)
      tell(outcomeOf(answer.status))
      return answer
    } catch (error) {
      tell('failed')
      throw error
    }
  }
}

interface Parts {
  readonly config: Config
  readonly log: Log
  readonly db: Database
  readonly vault: Vault
  readonly metrics: Metrics
  readonly connections: ConnectionServices
  readonly normalization: NormalizationServices
  readonly turns: Turns
}

/** The sync engine's services; what it needs of consent and of the vault is handed to it. */
export function wireIngestion(parts: Parts): IngestionServices {
  const { config, db, vault, metrics, connections, normalization, turns } = parts
  const ledgerKey = config.backup.key === undefined ? undefined : createBackupKey(config.backup.key)
  return {
    db,
    turns,
    holdAnswer: createRoom(ANSWERS),
    platforms: config.platforms,
    servicePublicUrl: config.servicePublicUrl,
    openBatch: (owner) => openBatch(normalization, owner),
    send: sender(parts),
    sealInbox: (platform, body) => vault.sealInbox(platform, body),
    sealDeliveries: (deliveries) => vault.sealDeliveries(deliveries),
    openInbox: (platform, sealed) => vault.openInbox(platform, sealed),
    withAccessToken: (key, use) => withAccessToken(connections, key, use),
    findConnectionByAccount: (account) => findConnectionByAccount(db, account),
    isErasedAccount: async (account) => {
      const erased = await refuseAccount(db, ledgerKey, account)
      if (erased) metrics.resurrectionsRefused.inc({ by: 'webhook' })
      return erased
    },
    endByPlatform: (tx, key) => endByPlatform(connections, tx, key),
    findGrantedScopes: (key) => findGrantedScopes(db, key),
    setGrantedScopes: (tx, key, granted) => setGrantedScopes(config.platforms, tx, { key, granted }),
    pollSeconds: config.pollSeconds,
    reconcileDays: config.reconcileDays,
    countStrategyChange: ({ platform, polling, reason }) =>
      metrics.strategyChanges.inc({ platform, to: polling ? 'polling' : 'webhooks', reason }),
    observeDelivery: ({ platform, receivedAt }) =>
      metrics.webhookDelay.observe({ platform }, Math.max(0, Date.now() - receivedAt.getTime()) / 1000),
    countSync: ({ platform, kind, outcome, seconds }) => {
      metrics.syncOperations.inc({ platform, kind, outcome })
      metrics.syncDuration.observe({ platform, kind }, seconds)
    },
  }
}
