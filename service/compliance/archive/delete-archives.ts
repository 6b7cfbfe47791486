import type { ArchivedTable } from './columns.ts'
import { deletePart, findExpiredParts, type StoredPart } from './queries.ts'
import { type ArchiveServices, partName, personPrefix } from './services.ts'

type Deleting = Pick<ArchiveServices, 'db' | 'store' | 'key'>

/** The key first: a file that is left behind by a crash is noise. */
export async function deleteParts({ db, store, key }: Deleting, parts: readonly StoredPart[]): Promise<void> {
  for (const part of parts) {
    await db.transaction((tx) => deletePart(tx, part))
    await store.delete(partName(key, part))
  }
}

/** By the person's name in the store, for whoever comes again after the rows are gone. Safe to call again. */
export async function deletePersonFiles(
  { store, key }: Pick<Deleting, 'store' | 'key'>,
  userId: string,
): Promise<void> {
  for await (const name of store.list(personPrefix(key, userId))) await store.delete(name)
}

/** RETENTION_DAYS reaches archives too. Answers how many rows went. */
export async function expireArchives(services: Deleting, table: ArchivedTable, days: number): Promise<number> {
  const expired = await findExpiredParts(services.db, table, days)
  await deleteParts(services, expired)
  return expired.reduce((sum, { rowCount }) => sum + rowCount, 0)
}
