import { AppError } from '../runtime/errors.ts'
import { mapAtMost } from './in-parallel.ts'
import type { MasterVersion, WrapContext } from './key-source.ts'
import { retireVersions } from './master-queries.ts'
import { loadReadable, type RotationServices } from './reseal.ts'
import {
  findPurposeKeysToWrap,
  findUserKeysToWrap,
  type Rewrapped,
  swapWrappedPurposeKey,
  swapWrappedUserKeys,
  type WrappedKeyRow,
} from './rotation-queries.ts'

const BATCH = 200
export const BEFORE_ALL_IDS = '00000000-0000-0000-0000-000000000000'

export interface Progress {
  readonly rotated?: number
  readonly skipped?: number
}

/**
 * Wraps every data key anew under one version of the master key; no token is opened. Versions that wrap nothing any more are retired.
 * What is done stays done: called again, it goes on with the rest.
 */
export async function wrapAllAnew(
  services: RotationServices,
  targetVersion: number,
  report: (progress: Progress) => Promise<void>,
): Promise<void> {
  const { db, keyring } = services
  const target = await keyring.masterKeys.get(db, targetVersion)
  for (let after = BEFORE_ALL_IDS; ; ) {
    const keys = await findUserKeysToWrap(db, { target: targetVersion, after, limit: BATCH })
    const last = keys.at(-1)
    if (last === undefined) break
    after = last.keyId
    const wrapped = await wrapAnew(
      services,
      target,
      keys.map((key) => ({ ...key, purpose: 'token' as const })),
    )
    const rotated = await swapWrappedUserKeys(db, targetVersion, wrapped)
    await report({ rotated, skipped: keys.length - wrapped.length })
  }
  for (const key of await findPurposeKeysToWrap(db, targetVersion)) {
    for (const wrapped of await wrapAnew(services, target, [key]))
      await swapWrappedPurposeKey(db, targetVersion, wrapped)
  }
  await db.transaction(retireVersions)
}

type Key = WrappedKeyRow & Pick<WrapContext, 'purpose'>

/** Leaves out what cannot be unwrapped. */
async function wrapAnew(
  { db, keyring }: RotationServices,
  target: MasterVersion,
  keys: readonly Key[],
): Promise<Rewrapped[]> {
  const { masterKeys } = keyring
  const wrapped = await mapAtMost(
    masterKeys.concurrencyOf(target),
    keys,
    async (key): Promise<Rewrapped | undefined> => {
      const anew = await loadReadable(() => masterKeys.rewrap(db, target, key))
      return anew === undefined ? undefined : { keyId: key.keyId, before: key.wrappedKey, wrappedKey: anew.wrappedKey }
    },
  )
  return wrapped.filter((key) => key !== undefined)
}

/** The code of an error, for a row that operators read. */
export function codeOf(error: unknown): string {
  return error instanceof AppError ? error.code : 'internal/unexpected'
}
