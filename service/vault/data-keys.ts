import { randomBytes, randomUUID } from 'node:crypto'
import type { Db } from '../runtime/db.ts'
import { BoxKey, masterIdOf, uuidBytes } from './box-key.ts'
import { expand, importKey, joinFields, KEY_BYTES } from './derive.ts'
import type { MasterVersion, WrapContext } from './key-source.ts'
import type { MasterKeys, Wrapped } from './master-keys.ts'

/** A row of vault.user_keys or vault.purpose_keys. */
export interface DataKeyRow extends Wrapped {
  readonly keyId: string
  readonly version: number
}

/** What a key is for; bound into it. */
export interface Owner {
  readonly purpose: WrapContext['purpose']
  /** Empty for nobody. */
  readonly userId: string
}

export interface DataKeys {
  /** A new key, wrapped; no one has it yet. */
  generate(master: MasterVersion, owner: Owner): Promise<Wrapped & { keyId: string }>
  /** Unwraps and derives. Throws vault/unreadable or vault/keys_unavailable. */
  load(db: Db, owner: Owner, row: DataKeyRow): Promise<BoxKey>
}

/**
 * 256 random bits, wrapped by the master key. The key that seals is derived from them with environment, purpose, person and id, so that a
 * row moved to another person yields another key, and no person's id has to be told to whoever keeps the master key.
 */
export function createDataKeys({ masterKeys, environment }: { masterKeys: MasterKeys; environment: string }): DataKeys {
  return {
    async generate(master, { purpose }) {
      const keyId = randomUUID()
      const secret = randomBytes(KEY_BYTES)
      try {
        return { keyId, ...(await masterKeys.wrap(master, { purpose, keyId }, secret)) }
      } finally {
        secret.fill(0)
      }
    },
    async load(db, { purpose, userId }, row) {
      const master = await masterKeys.get(db, row.masterVersion)
      const secret = await masterKeys.unwrap(db, { purpose, keyId: row.keyId }, row)
      const info = joinFields(['tributary/v2/data_key', environment, purpose, userId.toLowerCase(), row.keyId])
      const key = importKey(expand(secret, { salt: Buffer.alloc(0), info, bytes: KEY_BYTES }))
      secret.fill(0)
      const names = {
        masterId: masterIdOf(master),
        masterVersion: master.version,
        id: uuidBytes(row.keyId),
        version: row.version,
      }
      return new BoxKey(names, key)
    },
  }
}
