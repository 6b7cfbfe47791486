import type { EndAllServices, Ended } from '../../connections/end-all.ts'
import type { RecordAudit } from '../../runtime/audit-event.ts'
import type { Database, Tx } from '../../runtime/db.ts'
import type { BackupKey } from '../../vault/backup/backup-key.ts'
import type { HeadSigner } from '../audit/tree-head.ts'
import type { RequestServices } from '../requests/requests.ts'
import type { DeliverySearch } from './deliveries.ts'

export type { EndAllServices }

/** What erasure is handed; `wire-erasure.ts` supplies the real ones. */
export interface ErasureServices extends DeliverySearch {
  readonly db: Database
  readonly audit: RecordAudit
  /** The register of what people ask for, in which a deletion has its line and its deadline. */
  readonly requests: RequestServices
  /** Between the request and its begin, in which it can be cancelled. */
  readonly graceHours: number
  /** Ends connections and destroys keys, in the transaction that begins the erasure. */
  readonly endConnections: (tx: Tx, userId: string) => Promise<readonly Ended[]>
  /** Asks a platform once; what it answers is written down where the erasure looks. */
  readonly askPlatform: (revocationId: string) => Promise<void>
  /** Months of the person that left the database. */
  readonly deleteArchives: (userId: string) => Promise<void>
  /** Undefined without BACKUP_KEY: there are no backups then, and accounts get no tombstones. */
  readonly ledgerKey: BackupKey | undefined
  /** Undefined without AUDIT_SIGNING_KEY, which production demands: reports are not signed then. */
  readonly signer: HeadSigner | undefined
  /** How long backups are kept; undefined: there are none. */
  readonly backupKeepDays: number | undefined
}
