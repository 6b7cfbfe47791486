import { randomBytes, randomUUID } from 'node:crypto'
import type { Db, Tx } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import type { KeyCache } from './key-cache.ts'
import { importKey, type MasterKey } from './master-key.ts'
import { deleteUserKey, findUserKey, insertUserKey, type UserKeyRow } from './queries.ts'
import { type BoxKey, open, type Place, seal } from './seal.ts'

/** One 256-bit key for each person, wrapped by the master key. Destroying it makes all the person's boxes unreadable. */
export interface UserKeys {
  /** Created on first use. The row is read in the caller's transaction, so a key destroyed meanwhile never seals again. */
  forSealing(tx: Tx, userId: string): Promise<BoxKey>
  /** Throws vault/unreadable when the person has no key of this id. */
  forOpening(db: Db, owner: { userId: string; keyId: Buffer }): Promise<BoxKey>
  /** Within the cache's age limit other processes may still hold it. */
  destroy(tx: Tx, userId: string): Promise<void>
}

export interface UserKeysOptions {
  readonly masterKey: MasterKey
  readonly environment: string
  readonly cache: KeyCache
}

export function createUserKeys({ masterKey, environment, cache }: UserKeysOptions): UserKeys {
  const wrappingKey: BoxKey = { id: masterKey.id, key: masterKey.derive('user_key') }
  const placeOf = (userId: string, keyId: string): Place => ({
    environment,
    purpose: 'user_key',
    userId,
    platform: '',
    kind: keyId,
  })

  const unwrap = (userId: string, row: UserKeyRow): BoxKey => ({
    id: toBytes(row.key_id),
    key: importKey(open(wrappingKey, placeOf(userId, row.key_id), row.wrapped_key)),
  })

  const create = async (tx: Tx, userId: string): Promise<void> => {
    const keyId = randomUUID()
    const bytes = randomBytes(32)
    const wrappedKey = seal(wrappingKey, placeOf(userId, keyId), bytes)
    bytes.fill(0)
    await insertUserKey(tx, { userId, keyId, masterKeyId: masterKey.id.toString('hex'), wrappedKey })
  }

  return {
    async forSealing(tx, userId) {
      let row = await findUserKey(tx, userId)
      if (row === undefined) {
        await create(tx, userId)
        row = await findUserKey(tx, userId)
      }
      if (row === undefined) throw new AppError('vault/unreadable')
      const found = row
      return await cache.get(nameOf(userId, toBytes(found.key_id)), async () => unwrap(userId, found))
    },
    forOpening(db, { userId, keyId }) {
      return cache.get(nameOf(userId, keyId), async () => {
        const row = await findUserKey(db, userId)
        if (row === undefined || !toBytes(row.key_id).equals(keyId)) throw new AppError('vault/unreadable')
        return unwrap(userId, row)
      })
    },
    async destroy(tx, userId) {
      const destroyed = await deleteUserKey(tx, userId)
      if (destroyed !== undefined) cache.forget(nameOf(userId, toBytes(destroyed.keyId)))
    },
  }
}

function toBytes(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex')
}

function nameOf(userId: string, keyId: Buffer): string {
  return `${userId.toLowerCase()}:${keyId.toString('hex')}`
}
