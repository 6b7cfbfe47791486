import type { Database, Tx } from '../runtime/db.ts'
import { createDataKeys, type DataKeys } from './data-keys.ts'
import { createKeyCache, type KeyCache } from './key-cache.ts'
import type { KeySource } from './key-source.ts'
import { createMasterKeys, type MasterKeys } from './master-keys.ts'
import { createPurposeKeys, type PurposeKeys } from './purpose-keys.ts'
import { createUserKeys, DEFAULT_SEAL_LIMITS, type SealLimits, type UserKeys } from './user-keys.ts'

/** All keys of one process. */
export interface Keyring {
  readonly masterKeys: MasterKeys
  readonly dataKeys: DataKeys
  readonly userKeys: UserKeys
  readonly purposeKeys: PurposeKeys
  readonly cache: KeyCache
  readonly environment: string
}

export interface KeyringOptions {
  readonly db: Database
  /** For counting what is sealed while a caller holds a connection of `db`; by default `db` itself. */
  readonly bookkeepingDb?: Database
  /** Where the master key is that wraps. */
  readonly source: KeySource
  /** Master keys that wrapped before and still unwrap. */
  readonly openingSources?: readonly KeySource[]
  /** Bound into every key and box: what one installation sealed does not open in another. */
  readonly environment: string
  /** How long a process keeps a data key; five minutes by default, an hour at most. */
  readonly cacheSeconds?: number
  readonly limits?: SealLimits
  /** Monotonic. */
  readonly nowMs?: () => number
}

export const MAX_CACHE_SECONDS = 3_600
const DEFAULT_CACHE_SECONDS = 300
const CACHED_KEYS = 5_000
const CACHED_KEY_USES = 100_000

/** Throws a RangeError when keys were to be kept for more than an hour. */
export function createKeyring(
  options: KeyringOptions & { queueReseal: (tx: Tx, userId: string) => Promise<void> },
): Keyring {
  const { db, source, openingSources = [], environment, limits = DEFAULT_SEAL_LIMITS } = options
  const { cacheSeconds = DEFAULT_CACHE_SECONDS, nowMs = () => performance.now(), bookkeepingDb = db } = options
  if (!(cacheSeconds <= MAX_CACHE_SECONDS)) throw new RangeError('keys are kept for an hour at most')
  const maxAgeMs = cacheSeconds * 1000
  const cache = createKeyCache({ maxKeys: CACHED_KEYS, maxAgeMs, maxUses: CACHED_KEY_USES, nowMs, random: Math.random })
  const masterKeys = createMasterKeys({ source, openingSources, environment })
  const dataKeys = createDataKeys({ masterKeys, environment })
  const { maxSeals } = limits
  return {
    masterKeys,
    dataKeys,
    userKeys: createUserKeys({ masterKeys, dataKeys, cache, limits, queueReseal: options.queueReseal }),
    purposeKeys: createPurposeKeys({ db: bookkeepingDb, masterKeys, dataKeys, cache, maxSeals, maxAgeMs, nowMs }),
    cache,
    environment,
  }
}
