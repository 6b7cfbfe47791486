import type { Db, Tx } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { type BoxKey, uuidText } from './box-key.ts'
import type { DataKeys, Owner } from './data-keys.ts'
import type { KeyCache } from './key-cache.ts'
import type { MasterKeys } from './master-keys.ts'
import { countUserSeals, deleteUserKeys, findUserKey, hasUserKey, insertUserKey, retireUserKey } from './queries.ts'

/** Each person has keys of their own, wrapped by the master key. Destroying them makes all the person's boxes unreadable. */
export interface UserKeys {
  /**
   * Created on first use, replaced once it has sealed enough. The seals are counted and the row is locked in the caller's transaction,
   * so a key destroyed or retired meanwhile never seals again. Throws vault/key_exhausted beyond the cap.
   */
  forSealing(tx: Tx, userId: string, seals: number): Promise<BoxKey>
  /** Throws vault/unreadable when the person has no key of this id. */
  forOpening(db: Db, owner: { userId: string; keyId: Buffer }): Promise<BoxKey>
  /** A new key seals from now on; what earlier ones sealed is sealed anew by a job. */
  renew(tx: Tx, userId: string): Promise<void>
  /** At once here; other processes are told when the transaction commits. */
  destroy(tx: Tx, userId: string): Promise<void>
}

/** How many boxes one key may seal. */
export interface SealLimits {
  /** Refused above; at most 2^32 (NIST SP 800-38D, 8.3). */
  readonly maxSeals: number
  /** The key is replaced from here on, long before the cap. */
  readonly renewAtSeals: number
}

export const DEFAULT_SEAL_LIMITS: SealLimits = { maxSeals: 2 ** 31, renewAtSeals: 2 ** 30 }

export interface UserKeysOptions {
  readonly masterKeys: MasterKeys
  readonly dataKeys: DataKeys
  readonly cache: KeyCache
  readonly limits: SealLimits
  /** Queues the job that seals a person's boxes anew. */
  readonly queueReseal: (tx: Tx, userId: string) => Promise<void>
}

export function ownerOf(userId: string): Owner {
  return { purpose: 'token', userId }
}

export function createUserKeys({ masterKeys, dataKeys, cache, limits, queueReseal }: UserKeysOptions): UserKeys {
  const { maxSeals, renewAtSeals } = limits

  const create = async (tx: Tx, userId: string): Promise<void> => {
    const key = await dataKeys.generate(await masterKeys.lockCurrent(tx), ownerOf(userId))
    await insertUserKey(tx, { userId, ...key })
  }

  const renew = async (tx: Tx, userId: string, minSeals = 0): Promise<void> => {
    if (!(await retireUserKey(tx, userId, minSeals))) return
    await create(tx, userId)
    await queueReseal(tx, userId)
  }

  const count = async (tx: Tx, userId: string, seals: number) => {
    // A key that was retired while its row was waited for counts nothing; the one after it does.
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const counted = await countUserSeals(tx, { userId, seals, maxSeals })
      if (counted !== undefined) return counted
      if (await hasUserKey(tx, userId)) await renew(tx, userId, renewAtSeals)
      else await create(tx, userId)
    }
    throw new AppError('vault/key_exhausted')
  }

  return {
    async forSealing(tx, userId, seals) {
      const counted = await count(tx, userId, seals)
      const isDue = Number(counted.seals) - seals >= renewAtSeals
      if (isDue) await renew(tx, userId)
      const row = isDue ? await count(tx, userId, seals) : counted
      return await cache.get(row.keyId, () => dataKeys.load(tx, ownerOf(userId), row))
    },
    forOpening(db, { userId, keyId: bytes }) {
      const keyId = uuidText(bytes)
      return cache.get(keyId, async () => {
        const row = await findUserKey(db, { userId, keyId })
        if (row === undefined) throw new AppError('vault/unreadable')
        return await dataKeys.load(db, ownerOf(userId), row)
      })
    },
    renew: (tx, userId) => renew(tx, userId),
    async destroy(tx, userId) {
      for (const keyId of await deleteUserKeys(tx, userId)) cache.forget(keyId)
    },
  }
}
