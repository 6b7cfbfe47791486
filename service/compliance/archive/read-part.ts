import { createHash } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { AppError } from '../../runtime/errors.ts'
import type { ObjectStore } from '../../runtime/object-store.ts'
import { openPartKey } from '../../vault/backup/part-key.ts'
import { openStream, type StreamKey } from '../../vault/backup/sealed-stream.ts'
import { findParts, type StoredPart } from './queries.ts'
import { type ArchiveServices, partName, placeOf } from './services.ts'

/** The Parquet file, whole: a part is closed at 16 MiB. Throws archive/not_there, archive/altered. */
export async function readPart(
  { store, key }: Pick<ArchiveServices, 'store' | 'key'>,
  part: StoredPart,
): Promise<Buffer> {
  const bytes = await openSealed(store, partName(key, part), openPartKey(key, placeOf(part), part.keyWrapped))
  if (!createHash('sha256').update(bytes).digest().equals(part.sha256))
    throw new AppError('archive/altered', { where: 'it is another file of the same key' })
  return bytes
}

/** A person's files with the names under which they are handed over; each is opened when it is read. */
export async function listFiles(
  services: Pick<ArchiveServices, 'db' | 'store' | 'key'>,
  userId: string,
): Promise<readonly { readonly name: string; readonly read: () => Promise<Buffer> }[]> {
  const parts = await findParts(services.db, { userId })
  return parts.map((part) => ({
    name: `${part.table}-${part.month.slice(0, 7)}-${part.part}.parquet`,
    read: () => readPart(services, part),
  }))
}

export async function openSealed(store: ObjectStore, name: string, key: StreamKey): Promise<Buffer> {
  const sealed = await store.get(name)
  if (sealed === undefined) throw new AppError('archive/not_there', { name })
  try {
    return await buffer(openStream(key, sealed))
  } catch (error) {
    if (error instanceof AppError) throw new AppError('archive/altered', error.facts, { cause: error })
    throw error
  }
}
