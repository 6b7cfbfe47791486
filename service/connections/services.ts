import type { Platforms, RefreshFailure } from '../platforms/contract.ts'
import type { RecordAudit } from '../runtime/audit-event.ts'
import type { Database, Tx } from '../runtime/db.ts'
import type { Vault } from '../vault/vault.ts'

/** Why a refresh yielded no token. */
export type RefreshFailureReason = RefreshFailure | 'timed_out_waiting'

export interface RefreshTiming {
  readonly leaseMs: number
  readonly extendEveryMs: number
  readonly requestTimeoutMs: number
  /** Longer than a request may take: who waits for somebody else's refresh. */
  readonly giveUpAfterMs: number
  /** How long a connection waits after its first refresh that failed. */
  readonly cooldownMs: number
  /** How long a token endpoint that refuses everybody is left alone. */
  readonly pauseMs: number
}

/** Names a connection: one person, one platform. */
export interface ConnectionKey {
  readonly userId: string
  readonly platform: string
}

export interface ConnectionServices {
  readonly db: Database
  readonly vault: Vault
  readonly platforms: Platforms
  /** Where platforms send browsers back to; https except on a laptop. */
  readonly servicePublicUrl: string
  /** Where apps may want the browser afterwards, compared exactly; the first is the default. */
  readonly appRedirectUris: readonly string[]
  /** Queues the import of the history and answers its sync run's id. */
  queueHistory(tx: Tx, connection: ConnectionKey): Promise<string>
  /** Cancels the running syncs of a connection that ends. */
  cancelRuns(tx: Tx, connection: ConnectionKey): Promise<void>
  /** Leaves a line in the audit trail, in the transaction of what it tells of. */
  readonly audit: RecordAudit
  countRefresh(platform: string): void
  countRefreshFailure(platform: string, reason: RefreshFailureReason): void
  readonly refreshTiming?: RefreshTiming
}
