import { AppError } from '../../runtime/errors.ts'
import { COLUMNS } from './columns.ts'
import { deleteParts } from './delete-archives.ts'
import { readParquet } from './parquet.ts'
import { createPartition, findParts, insertRows } from './queries.ts'
import { readPart } from './read-part.ts'
import type { ArchivedMonth, ArchiveServices } from './services.ts'

const ROWS_AT_ONCE = 500

/** Puts a person's month back into its table, all of it or nothing, and removes the files. Throws archive/not_there, archive/altered. */
export async function restoreMonth(services: ArchiveServices, month: ArchivedMonth): Promise<number> {
  const { db, audit } = services
  const parts = await findParts(db, month)
  if (parts.length === 0) throw new AppError('archive/not_there', { table: month.table, month: month.month })
  await createPartition(db, month)
  const restored = await db.transaction(async (tx) => {
    let rows = 0
    for (const part of parts)
      for await (const group of readParquet(COLUMNS[month.table], await readPart(services, part)))
        for (let from = 0; from < group.length; from += ROWS_AT_ONCE)
          rows += await insertRows(tx, month.table, group.slice(from, from + ROWS_AT_ONCE))
    await audit(tx, {
      action: 'archive.restored',
      actor: { kind: 'operator', id: null },
      subjectUserId: month.userId,
      outcome: 'success',
      details: { table: month.table, month: month.month, rows },
    })
    return rows
  })
  await deleteParts(services, parts)
  return restored
}
