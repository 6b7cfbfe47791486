import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import pg from 'pg'
import { type Entry, openPromise, type ZipFile } from 'yauzl'
import { z } from 'zod'
import type { Database, Tx } from '../../runtime/db.ts'
import { AppError } from '../../runtime/errors.ts'
import { sql } from '../../runtime/sql.ts'
import { DATA_MAP } from '../data-map.ts'
import { FORMAT } from './manifest.ts'

const Month = z.iso.date()
const Manifest = z.object({
  format: z.literal(FORMAT),
  person: z.uuid(),
  months: z.object({ samples: z.array(Month).max(3_000), raw_fitness_data: z.array(Month).max(3_000) }),
})

export interface ImportedCopy {
  readonly person: string
  readonly rows: Readonly<Record<string, number>>
}

const BATCH_ROWS = 500
const BATCH_BYTES = 4 * 1024 * 1024

/**
 * Writes a person's copy into an installation that does not know them, all of it or nothing: the same rows, but for what only the other
 * installation can say (connections, consents, requests, logs). Throws privacy/copy_unreadable, privacy/person_known.
 */
export async function importCopy(db: Database, path: string): Promise<ImportedCopy> {
  const zip = await openPromise(path, { lazyEntries: true, autoClose: false }).catch(unreadable)
  try {
    const entries = await listEntries(zip)
    const manifest = await readManifest(zip, entries)
    await createPartitions(db, manifest.months)
    const rows = await db.transaction((tx) => writeTables(tx, { zip, entries, person: manifest.person }))
    return { person: manifest.person, rows }
  } finally {
    zip.close()
  }
}

interface Source {
  readonly zip: ZipFile
  readonly entries: ReadonlyMap<string, Entry>
  readonly person: string
}

async function writeTables(tx: Tx, source: Source): Promise<Record<string, number>> {
  const known = await tx.query(sql`select from public.app_users where user_id = ${source.person}::uuid`)
  if (known.rowCount > 0) throw new AppError('privacy/person_known')
  const rows: Record<string, number> = {}
  for (const [table, { export: form }] of Object.entries(DATA_MAP)) {
    const entry = source.entries.get(`data/${table}.ndjson`)
    if (form.as !== 'rows' || form.restored !== true || entry === undefined) continue
    rows[table] = await writeTable(tx, { table, lines: await openEntry(source.zip, entry), person: source.person })
  }
  return rows
}

async function writeTable(
  tx: Tx,
  { table, lines, person }: { table: string; lines: Readable; person: string },
): Promise<number> {
  const insert = await insertStatement(tx, table)
  let batch: string[] = []
  let bytes = 0
  let written = 0
  const flush = async () => {
    const { rowCount } = await tx.query({ text: insert, values: [`[${batch.join(',')}]`, person] }).catch(unreadable)
    // A line of somebody else's is not written, and then this is no copy of ours.
    if (rowCount !== batch.length)
      throw new AppError('privacy/copy_unreadable', { problem: `${table}: rows of another person` })
    written += rowCount
    ;[batch, bytes] = [[], 0]
  }
  for await (const line of createInterface({ input: lines, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line === '') continue
    batch.push(line)
    bytes += line.length
    if (batch.length >= BATCH_ROWS || bytes >= BATCH_BYTES) await flush()
  }
  if (batch.length > 0) await flush()
  return written
}

/** Of the columns that can be written; the names are the catalog's own. */
async function insertStatement(tx: Tx, table: string): Promise<string> {
  const { rows } = await tx.query<{ name: string }>(sql`
    select attname as name from pg_attribute
    where attrelid = ${table}::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum`)
  const columns = rows.map(({ name }) => pg.escapeIdentifier(name)).join(', ')
  const name = table.split('.').map(pg.escapeIdentifier).join('.')
  return `insert into ${name} (${columns}) select ${columns} from json_populate_recordset(null::${name}, $1::json) where user_id = $2::uuid`
}

async function createPartitions(db: Database, months: z.infer<typeof Manifest>['months']): Promise<void> {
  await db.query(sql`select ops.create_sample_partitions(${months.samples}::date[])`)
  await db.query(sql`select ops.create_raw_partitions(${months.raw_fitness_data}::date[])`)
}

async function listEntries(zip: ZipFile): Promise<ReadonlyMap<string, Entry>> {
  const entries = new Map<string, Entry>()
  await new Promise<void>((resolve, reject) => {
    zip.on('entry', (entry: Entry) => {
      entries.set(entry.fileName, entry)
      zip.readEntry()
    })
    zip.on('end', resolve)
    zip.on('error', reject)
    zip.readEntry()
  }).catch(unreadable)
  return entries
}

async function readManifest(zip: ZipFile, entries: ReadonlyMap<string, Entry>): Promise<z.infer<typeof Manifest>> {
  const entry = entries.get('manifest.json')
  if (entry === undefined || entry.uncompressedSize > BATCH_BYTES) throw new AppError('privacy/copy_unreadable')
  const pieces: Buffer[] = []
  for await (const piece of await openEntry(zip, entry)) pieces.push(piece as Buffer)
  try {
    return Manifest.parse(JSON.parse(Buffer.concat(pieces).toString('utf8')))
  } catch (error) {
    return unreadable(error)
  }
}

function openEntry(zip: ZipFile, entry: Entry): Promise<Readable> {
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => (error === null ? resolve(stream) : reject(error)))
  })
}

function unreadable(cause: unknown): never {
  if (cause instanceof AppError) throw cause
  throw new AppError('privacy/copy_unreadable', {}, { cause })
}
