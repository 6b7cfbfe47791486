import { loadConfig } from '../config.ts'
import { AppError } from '../runtime/errors.ts'
import { type BackupServices, createBackup, deleteOldBackups } from '../vault/backup/create-backup.ts'
import { listBackups, type Manifest } from '../vault/backup/manifest.ts'
import { restoreBackup, verifyBackup } from '../vault/backup/restore-backup.ts'
import { wireBackup } from '../wire-backup.ts'
import { wire } from '../wiring.ts'
import type { Command } from './command.ts'

export const backupCommand: Command = {
  name: 'backup',
  usage: [['backup', 'back the vault up now, encrypted; and delete what is past BACKUP_KEEP_DAYS']],
  options: {},
  run: () =>
    withBackups(async (services, keepDays) => {
      const manifest = await createBackup(services)
      const deleted = await deleteOldBackups(services, keepDays)
      return `backup ${describe(manifest)}\n${deleted} old backups deleted\n`
    }),
}

export const verifyCommand: Command = {
  name: 'verify',
  usage: [['verify [<backup id>]', 'read a backup, the newest by default, and check every part of it; writes nothing']],
  options: {},
  run: ({ positionals: [id] }) =>
    withBackups(async (services) => `whole: ${describe(await verifyBackup(services, await choose(services, id)))}\n`),
}

export const restoreCommand: Command = {
  name: 'restore',
  usage: [
    [
      'restore [<backup id>]',
      'put a backup into a database that has the schema and nobody in it; see docs/operations/backup.md',
    ],
  ],
  options: {},
  run: ({ positionals: [id] }) =>
    withBackups(async (services) => {
      const { rows, skipped } = await restoreBackup(services, await choose(services, id))
      return `${rows} rows restored; ${skipped} of erased people left out\n`
    }),
}

async function choose({ store }: BackupServices, id: string | undefined): Promise<string> {
  const chosen = id ?? (await listBackups(store)).at(-1)
  if (chosen === undefined) throw new Error('there is no backup in BACKUP_STORE')
  return chosen
}

function describe({ id, tables, archive }: Manifest): string {
  const rows = tables.map((table) => `${table.name} ${table.rows}`).join(', ')
  return `${id}: ${rows}; ${archive.bytes} bytes`
}

async function withBackups(work: (services: BackupServices, keepDays: number) => Promise<string>): Promise<string> {
  const config = await loadConfig()
  const wiring = wire(config, 'cli')
  try {
    const services = wireBackup(wiring)
    if (services === undefined)
      throw new Error('BACKUP_STORE and BACKUP_KEY are not set; see docs/operations/backup.md')
    return await work(services, config.backup.keepDays)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    throw new Error(`${error.code}: ${String(error.facts['where'] ?? error.facts['id'] ?? error.spec.publicMessage)}`, {
      cause: error,
    })
  } finally {
    await wiring.db.close()
  }
}
