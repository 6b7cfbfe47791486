import type { RecordAudit } from '../../runtime/audit-event.ts'
import type { Database } from '../../runtime/db.ts'
import type { ObjectStore } from '../../runtime/object-store.ts'
import type { BackupKey } from '../../vault/backup/backup-key.ts'
import type { ArchivedTable } from './columns.ts'

/** Where archives go, and what wraps their keys: the store and the key of backups. */
export interface ArchiveServices {
  readonly db: Database
  readonly store: ObjectStore
  readonly key: BackupKey
  readonly audit: RecordAudit
}

/** One person's rows of one table and month. */
export interface ArchivedMonth {
  readonly userId: string
  readonly table: ArchivedTable
  /** Its first day. */
  readonly month: string
}

export interface Part extends ArchivedMonth {
  readonly part: number
}

/** Without the person's id: whoever sees the names of files learns of nobody. */
export function personPrefix(key: BackupKey, userId: string): string {
  return `archives/${key.nameOf(userId).toString('hex')}/`
}

export function partName(key: BackupKey, { userId, table, month, part }: Part): string {
  return `${personPrefix(key, userId)}${table.replaceAll('_', '-')}-${month.slice(0, 7)}-${part}.parquet.sealed`
}

/** What the key of a part is bound to. */
export function placeOf({ userId, table, month, part }: Part): string {
  return `tributary/archive/v1|${userId}|${table}|${month}|${part}`
}
