import type { Config } from './config.ts'
import { endByPlatform, findConnectionByAccount } from './connections/find-connection.ts'
import { findGrantedScopes, setGrantedScopes } from './connections/granted-scopes.ts'
import type { ConnectionServices } from './connections/services.ts'
import { withAccessToken } from './connections/with-access-token.ts'
import type { IngestionServices } from './ingestion/services.ts'
import type { Metrics } from './monitoring/metrics.ts'
import type { SendRequest } from './platforms/contract.ts'
import type { Database } from './runtime/db.ts'
import { sendRequest } from './runtime/http-client.ts'
import type { Vault } from './vault/vault.ts'

const PLATFORM_LIMITS = { timeoutMs: 30_000, maxBytes: 32 * 1024 * 1024 }

const sendToPlatform: SendRequest = (request) => sendRequest(request, PLATFORM_LIMITS)

interface Parts {
  readonly config: Config
  readonly db: Database
  readonly vault: Vault
  readonly metrics: Metrics
  readonly connections: ConnectionServices
}

/** The sync engine's services; what it needs of consent and of the vault is handed to it. */
export function wireIngestion({ config, db, vault, metrics, connections }: Parts): IngestionServices {
  return {
    db,
    platforms: config.platforms,
    servicePublicUrl: config.servicePublicUrl,
    send: sendToPlatform,
    sealInbox: (platform, body) => vault.sealInbox(platform, body),
    openInbox: (platform, sealed) => vault.openInbox(platform, sealed),
    withAccessToken: (key, use) => withAccessToken(connections, key, use),
    findConnectionByAccount: (account) => findConnectionByAccount(db, account),
    endByPlatform: (tx, key) => endByPlatform(connections, tx, key),
    findGrantedScopes: (key) => findGrantedScopes(db, key),
    setGrantedScopes: (tx, key, granted) => setGrantedScopes(config.platforms, tx, { key, granted }),
    pollSeconds: config.pollSeconds,
    countStrategyChange: ({ platform, polling, reason }) =>
      metrics.strategyChanges.inc({ platform, to: polling ? 'polling' : 'webhooks', reason }),
    countSync: ({ platform, kind, outcome, seconds }) => {
      metrics.syncOperations.inc({ platform, kind, outcome })
      metrics.syncDuration.observe({ platform, kind }, seconds)
    },
  }
}
