import { createHash } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import type { Tx } from '../../runtime/db.ts'
import { AppError } from '../../runtime/errors.ts'
import { letGo } from '../../runtime/flat-memory.ts'
import { sql } from '../../runtime/sql.ts'
import { createPartKey, type PartKey } from '../../vault/backup/part-key.ts'
import { sealStream } from '../../vault/backup/sealed-stream.ts'
import { type ArchivedTable, COLUMNS, type TextRow } from './columns.ts'
import { createParquetFile, readParquet } from './parquet.ts'
import { type ArchivedRow, type ClosedMonth, insertPart, nextPart, readRows } from './queries.ts'
import { openSealed } from './read-part.ts'
import { type ArchivedMonth, type ArchiveServices, type Part, partName, placeOf } from './services.ts'

/** A file is closed beyond this: it is read back whole. */
const PART_BYTES = 16 * 1024 * 1024
/** A payload may be a mebibyte. */
const ROWS_AT_ONCE: Readonly<Record<ArchivedTable, number>> = { raw_fitness_data: 10, samples: 10_000 }

export interface PersonToArchive extends ArchivedMonth, ClosedMonth {
  readonly keptPlatforms: readonly string[]
}

/**
 * Writes one person's rows of a month as sealed Parquet files, reads each back and compares it, and notes them: all of it or nothing. The
 * rows stay in the table; `ops.drop_archived_partition` compares once more before they go. Answers how many rows there are.
 */
export async function archivePerson(services: ArchiveServices, person: PersonToArchive): Promise<number> {
  const written: string[] = []
  try {
    return await services.db.transaction(async (tx) => {
      await tx.query(sql`set transaction isolation level repeatable read`)
      await tx.query(sql`set local timezone = 'UTC'`)
      return await writeParts(services, tx, { person, written })
    })
  } catch (error) {
    for (const name of written) await services.store.delete(name)
    throw error
  }
}

async function writeParts(
  services: ArchiveServices,
  tx: Tx,
  { person, written }: { person: PersonToArchive; written: string[] },
): Promise<number> {
  const { userId, table, month, keptPlatforms } = person
  let [part, total] = [await nextPart(tx, person), 0]
  let open = openPart({ userId, table, month, part })
  const close = async () => {
    written.push(partName(services.key, open.place))
    total += await storePart(services, tx, open)
    part += 1
    open = openPart({ userId, table, month, part })
  }
  for await (const rows of readRows(tx, person, { keptPlatforms, atOnce: ROWS_AT_ONCE[table] })) {
    addRows(open, rows)
    if (open.file.byteLength > PART_BYTES) await close()
  }
  if (open.rowCount > 0) await close()
  return total
}

interface OpenPart {
  readonly place: Part
  readonly file: ReturnType<typeof createParquetFile>
  /** Of the rows as they were read from the table. */
  readonly hash: ReturnType<typeof createHash>
  rowCount: number
  rowsDigest: bigint
}

function openPart(place: Part): OpenPart {
  const file = createParquetFile(COLUMNS[place.table])
  return { place, file, hash: createHash('sha256'), rowCount: 0, rowsDigest: 0n }
}

function addRows(part: OpenPart, archived: readonly ArchivedRow[]): void {
  const rows = archived.map(({ row_digest: digest, ...row }) => {
    part.rowsDigest ^= BigInt(digest)
    return row as TextRow
  })
  part.file.add(rows)
  part.rowCount += rows.length
  hashRows(part.hash, rows)
}

async function storePart({ store, key }: ArchiveServices, tx: Tx, part: OpenPart): Promise<number> {
  const { place, rowCount, rowsDigest } = part
  const plain = part.file.finish()
  const partKey = createPartKey(key, placeOf(place))
  const sealed = await buffer(sealStream(partKey.stream, only(plain)))
  const name = partName(key, place)
  await store.put(name, sealed)
  await compareWithStored({ store }, { name, partKey, part })
  const sha256 = createHash('sha256').update(plain).digest()
  const facts = {
    rowCount,
    rowsDigest,
    sha256,
    byteCount: sealed.length,
    backupKeyId: key.id,
    keyWrapped: partKey.wrapped,
  }
  await insertPart(tx, place, facts)
  letGo(plain.length * 4)
  return rowCount
}

/** What will be all there is, as it lies in the store: opened, parsed, and the same row by row. */
async function compareWithStored(
  { store }: Pick<ArchiveServices, 'store'>,
  { name, partKey, part }: { name: string; partKey: PartKey; part: OpenPart },
): Promise<void> {
  const hash = createHash('sha256')
  let rowCount = 0
  const bytes = await openSealed(store, name, partKey.stream)
  for await (const rows of readParquet(COLUMNS[part.place.table], bytes)) {
    rowCount += rows.length
    hashRows(hash, rows)
  }
  if (rowCount !== part.rowCount || !hash.digest().equals(part.hash.digest()))
    throw new AppError('archive/altered', { where: 'what was written is not what was read back' })
}

function hashRows(hash: ReturnType<typeof createHash>, rows: readonly TextRow[]): void {
  for (const row of rows) hash.update(`${JSON.stringify(row)}\n`)
}

async function* only(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}
