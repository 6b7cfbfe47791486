import { createHash } from 'node:crypto'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import pg from 'pg'
import type { Db, Tx } from '../../runtime/db.ts'
import { AppError } from '../../runtime/errors.ts'
import type { ObjectStore } from '../../runtime/object-store.ts'
import type { BackupKey } from './backup-key.ts'
import type { BackupServices } from './create-backup.ts'
import { countLeftOut, findErased, takeOverErasures } from './erasure-ledger.ts'
import { archiveName, type Manifest, readManifest } from './manifest.ts'
import { openStream } from './sealed-stream.ts'
import { findBackupTables } from './tables.ts'

export interface Restored {
  readonly rows: number
  /** Rows of people who were erased after the backup was made. */
  readonly skipped: number
}

type Read = Pick<BackupServices, 'store' | 'key'>
const INSERT_ROWS = 500

/** Reads all of a backup and writes nothing. Throws backup/not_found and backup/altered, which says what and where. */
export async function verifyBackup({ store, key }: Read, id: string): Promise<Manifest> {
  const manifest = await readManifest(store, key, id)
  const seen = manifest.tables.map(() => ({ rows: 0, hash: createHash('sha256') }))
  for await (const { index, line } of readLines({ store, key }, manifest)) {
    const table = seen[index]
    if (table === undefined) throw new AppError('backup/altered', { where: 'a row of no table' })
    table.rows += 1
    table.hash.update(line)
  }
  for (const [index, table] of manifest.tables.entries()) {
    const { rows, hash } = seen[index] ?? { rows: 0, hash: createHash('sha256') }
    if (rows !== table.rows || hash.digest('hex') !== table.sha256)
      throw new AppError('backup/altered', {
        where: `${table.name}: ${rows} rows where the manifest has ${table.rows}`,
      })
  }
  return manifest
}

/**
 * Puts a backup into a database that has the schema and nobody in it, in one transaction, but for people who were erased since. All of
 * it is verified before anything is written. Throws backup/not_found, backup/altered, backup/wrong_environment, backup/not_empty,
 * backup/other_schema.
 */
export async function restoreBackup(services: BackupServices, id: string): Promise<Restored> {
  const { db, store, key, environment, audit } = services
  const manifest = await verifyBackup({ store, key }, id)
  if (manifest.environment !== environment)
    throw new AppError('backup/wrong_environment', { where: `made in ${manifest.environment}, this is ${environment}` })
  const erased = await findErased({ db, store })
  return db.transaction(async (tx) => {
    await refuseUnlessFits(tx, manifest)
    await takeOverErasures(tx, { store, erased })
    const leftOut = new Map<string, number>()
    const restored = await insertRows(tx, services, { manifest, erased, leftOut })
    await countLeftOut(tx, leftOut)
    await audit(tx, {
      action: 'backup.restored',
      actor: { kind: 'system', id: null },
      subjectUserId: null,
      outcome: 'success',
      details: { backup: id, ...restored },
    })
    return restored
  })
}

async function refuseUnlessFits(tx: Tx, manifest: Manifest): Promise<void> {
  const here = await findBackupTables(tx)
  for (const { name, columns } of manifest.tables) {
    const found = here.find((table) => table.name === name)
    if (found?.columns.join() !== [...columns].join())
      throw new AppError('backup/other_schema', {
        where: `${name} is another here; migrate to the schema of the backup first`,
      })
    // The service itself writes the platforms when it starts.
    if (name !== 'public.platforms' && (await hasRows(tx, name)))
      throw new AppError('backup/not_empty', { where: name })
  }
}

async function hasRows(db: Db, name: string): Promise<boolean> {
  const { rowCount } = await db.query({ text: `select from ${quoted(name)} limit 1`, values: [] })
  return rowCount > 0
}

interface Insertion {
  readonly manifest: Manifest
  readonly erased: ReadonlySet<string>
  /** Filled: rows of each erased person, as the ledger names them. */
  readonly leftOut: Map<string, number>
}

async function insertRows(tx: Tx, { store, key }: Read, { manifest, erased, leftOut }: Insertion): Promise<Restored> {
  let [rows, skipped] = [0, 0]
  let batch: string[] = []
  let current = 0
  const flush = async () => {
    const table = manifest.tables[current]
    if (table !== undefined && batch.length > 0) await insertBatch(tx, table, batch)
    rows += batch.length
    batch = []
  }
  for await (const { index, line } of readLines({ store, key }, manifest)) {
    if (index !== current || batch.length >= INSERT_ROWS) await flush()
    current = index
    const row = line.slice(line.indexOf('\t') + 1)
    const owner = ownerOf(row, key)
    if (owner === undefined || !erased.has(owner)) batch.push(row)
    else {
      skipped += 1
      leftOut.set(owner, (leftOut.get(owner) ?? 0) + 1)
    }
  }
  await flush()
  return { rows, skipped }
}

/** The row's person as the ledger names them; undefined when it is nobody's. */
function ownerOf(row: string, key: BackupKey): string | undefined {
  const { user_id: userId } = JSON.parse(row) as { user_id?: unknown }
  return typeof userId === 'string' ? key.nameOf(userId).toString('hex') : undefined
}

async function insertBatch(
  tx: Tx,
  { name, columns }: Manifest['tables'][number],
  rows: readonly string[],
): Promise<void> {
  const list = columns.map(pg.escapeIdentifier).join(', ')
  await tx.query({
    text: `insert into ${quoted(name)} (${list}) select ${list} from jsonb_populate_recordset(null::${quoted(name)}, $1::jsonb)
      ${name === 'public.platforms' ? 'on conflict do nothing' : ''}`,
    values: [`[${rows.join(',')}]`],
  })
}

async function* readLines({ store, key }: Read, manifest: Manifest): AsyncGenerator<{ index: number; line: string }> {
  const unpacked = createGunzip()
  const ended = pipeline(Readable.from(openStream(key, await fetchArchive(store, manifest))), unpacked)
  ended.catch(() => {}) // told below; readline would end as if nothing were wrong
  for await (const line of createInterface({ input: unpacked }))
    yield { index: Number(line.slice(0, line.indexOf('\t'))), line: `${line}\n` }
  await ended
}

async function fetchArchive(store: ObjectStore, { id }: Manifest): Promise<Readable> {
  const archive = await store.get(archiveName(id))
  if (archive === undefined) throw new AppError('backup/altered', { where: 'the archive is not there' })
  return archive
}

function quoted(name: string): string {
  return name.split('.').map(pg.escapeIdentifier).join('.')
}
