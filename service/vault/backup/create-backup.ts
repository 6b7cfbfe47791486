import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import pg from 'pg'
import type { RecordAudit } from '../../runtime/audit-event.ts'
import type { Database } from '../../runtime/db.ts'
import type { ObjectStore } from '../../runtime/object-store.ts'
import { sql } from '../../runtime/sql.ts'
import type { BackupKey } from './backup-key.ts'
import { publishErasures } from './erasure-ledger.ts'
import { archiveName, deleteBackup, listBackups, type Manifest, writeManifest } from './manifest.ts'
import { sealStream } from './sealed-stream.ts'
import { type BackupTable, findBackupTables } from './tables.ts'

export interface BackupServices {
  readonly db: Database
  readonly store: ObjectStore
  readonly key: BackupKey
  readonly environment: string
  readonly audit: RecordAudit
}

const FETCH_ROWS = 500

/**
 * One snapshot of the vault as an encrypted archive: keys stay wrapped and tokens sealed inside it. Memory does not grow with the vault.
 * Killed on the way it leaves at most an archive without a manifest, which is no backup.
 */
export async function createBackup(services: BackupServices): Promise<Manifest> {
  const { db, store, key, environment, audit } = services
  await publishErasures(services)
  const { rows } = await db.query<{ now: Date }>(sql`select now()`)
  const createdAt = (rows[0]?.now ?? new Date(Number.NaN)).toISOString()
  const id = `${createdAt.replace(/\.\d+Z$/, 'Z').replaceAll(':', '-')}-${randomBytes(4).toString('hex')}`
  const tables = await findBackupTables(db)
  const counts: Counted[] = tables.map((table) => ({ table, rows: 0, hash: createHash('sha256') }))
  const archive = { bytes: 0, hash: createHash('sha256') }
  const plain = Readable.from(streamRows(db, counts)).pipe(createGzip())
  await store.putStream(archiveName(id), measured(sealStream(key, plain), archive))
  const manifest: Manifest = {
    format: 'tributary/vault-backup/v1',
    id,
    createdAt,
    environment,
    backupKeyId: key.id,
    archive: { bytes: archive.bytes, sha256: archive.hash.digest('hex') },
    tables: counts.map(({ table, rows: count, hash }) => ({
      name: table.name,
      columns: [...table.columns],
      rows: count,
      sha256: hash.digest('hex'),
    })),
  }
  await writeManifest(store, key, manifest)
  const details = { backup: id, bytes: archive.bytes }
  const actor = { kind: 'system', id: null } as const
  await db.transaction((tx) =>
    audit(tx, { action: 'backup.created', actor, subjectUserId: null, outcome: 'success', details }),
  )
  return manifest
}

interface Counted {
  readonly table: BackupTable
  rows: number
  readonly hash: ReturnType<typeof createHash>
}

/** Lines `<table's number>\t<row as JSON>`, out of one snapshot. Rows pass as text: a bigint keeps every digit. */
async function* streamRows({ pool }: Database, counts: readonly Counted[]): AsyncGenerator<Buffer> {
  const client = await pool.connect()
  try {
    await client.query('begin isolation level repeatable read read only')
    for (const [index, counted] of counts.entries()) {
      for await (const row of fetchRows(client, counted.table)) {
        const line = `${index}\t${row}\n`
        counted.rows += 1
        counted.hash.update(line)
        yield Buffer.from(line, 'utf8')
      }
    }
  } finally {
    await client.query('rollback').catch(() => {})
    client.release()
  }
}

async function* fetchRows(client: pg.PoolClient, { name }: BackupTable): AsyncGenerator<string> {
  const table = name.split('.').map(pg.escapeIdentifier).join('.')
  await client.query(`declare backup_rows no scroll cursor for select to_jsonb(t)::text as row from ${table} t`)
  for (;;) {
    const { rows } = await client.query<{ row: string }>(`fetch ${FETCH_ROWS} from backup_rows`)
    for (const { row } of rows) yield row
    if (rows.length < FETCH_ROWS) break
  }
  await client.query('close backup_rows')
}

async function* measured(
  chunks: AsyncIterable<Buffer>,
  into: { bytes: number; readonly hash: ReturnType<typeof createHash> },
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    into.bytes += chunk.length
    into.hash.update(chunk)
    yield chunk
  }
}

/** Deletes backups older than so many days; the newest stays however old. Answers how many went. */
export async function deleteOldBackups(
  { db, store }: Pick<BackupServices, 'db' | 'store'>,
  keepDays: number,
): Promise<number> {
  const { rows } = await db.query<{ since: Date }>(
    sql`select now() - make_interval(days => ${keepDays}::integer) as since`,
  )
  const since = (rows[0]?.since.toISOString() ?? '').replaceAll(':', '-')
  const old = (await listBackups(store)).slice(0, -1).filter((id) => id < since)
  for (const id of old) await deleteBackup(store, id)
  return old.length
}
