import type { Config } from './config.ts'
import type { RecordAudit } from './runtime/audit-event.ts'
import type { Database } from './runtime/db.ts'
import { type BindOptions, type BoundTask, bindTask } from './runtime/jobs.ts'
import { openStore } from './runtime/open-store.ts'
import { backUpVault } from './vault/backup/back-up-vault.task.ts'
import { createBackupKey } from './vault/backup/backup-key.ts'
import type { BackupServices } from './vault/backup/create-backup.ts'
import { publishErasures } from './vault/backup/publish-erasures.task.ts'

interface Parts {
  readonly config: Pick<Config, 'backup' | 's3' | 'nodeEnvironment'>
  readonly db: Database
  readonly audit: RecordAudit
}

/** What backups need; undefined where they are not set up. */
export function wireBackup({ config, db, audit }: Parts): BackupServices | undefined {
  const { store, key } = config.backup
  if (store === undefined || key === undefined) return undefined
  return {
    db,
    audit,
    store: openStore({ address: store, s3: config.s3 }),
    key: createBackupKey(key),
    environment: config.nodeEnvironment,
  }
}

export function bindBackupTasks(parts: Parts, options: BindOptions): readonly BoundTask[] {
  const services = wireBackup(parts)
  if (services === undefined) return []
  const { schedule, keepDays } = parts.config.backup
  return [
    bindTask(backUpVault, { ...services, keepDays }, { ...options, schedule }),
    bindTask(publishErasures, services, { ...options, schedule: '*/5 * * * *' }),
  ]
}
