import { mapAtMost } from './in-parallel.ts'
import { type RotationServices, resealUsers } from './reseal.ts'
import { BEFORE_ALL_IDS, type Progress } from './rotate-master.ts'
import { findRetiredUserKeys, findUserKeysToReplace, type Replacement, replaceUserKeys } from './rotation-queries.ts'
import { ownerOf } from './user-keys.ts'

const BATCH = 100

/**
 * Gives everybody whose key is older than a moment another one, seals their tokens anew and destroys the earlier key. What a killed
 * process left half done is finished first: those are the people with a retired key. Safe beside refreshes, disconnects and itself.
 */
export async function replaceAllUserKeys(
  services: RotationServices,
  keysBefore: Date,
  report: (progress: Progress) => Promise<void>,
): Promise<void> {
  await finishHalfDone(services, report)
  for (let after = BEFORE_ALL_IDS; ; ) {
    const due = await findUserKeysToReplace(services.db, { keysBefore, after, limit: BATCH })
    const last = due.at(-1)
    if (last === undefined) return
    after = last.keyId
    const rotated = await replaceKeys(services, due)
    const { skipped } = await resealUsers(
      services,
      due.map(({ userId }) => userId),
    )
    await report({ rotated, skipped })
  }
}

async function replaceKeys(
  { db, keyring }: RotationServices,
  due: readonly { keyId: string; userId: string }[],
): Promise<number> {
  const { masterKeys, dataKeys } = keyring
  const master = await db.transaction((tx) => masterKeys.lockCurrent(tx))
  const fresh = await mapAtMost(
    masterKeys.concurrencyOf(master),
    due,
    async ({ keyId, userId }): Promise<Replacement> => {
      return { oldKeyId: keyId, ...(await dataKeys.generate(master, ownerOf(userId))) }
    },
  )
  return await db.transaction(async (tx) => {
    // Nothing may be wrapped by a version that has been replaced meanwhile; the keys are simply due again.
    const current = await masterKeys.lockCurrent(tx)
    return current.version === master.version ? await replaceUserKeys(tx, fresh) : 0
  })
}

async function finishHalfDone(
  services: RotationServices,
  report: (progress: Progress) => Promise<void>,
): Promise<void> {
  for (let after = BEFORE_ALL_IDS; ; ) {
    const retired = await findRetiredUserKeys(services.db, { after, limit: BATCH })
    const last = retired.at(-1)
    if (last === undefined) return
    after = last.keyId
    const { skipped } = await resealUsers(services, [...new Set(retired.map(({ userId }) => userId))])
    await report({ skipped })
  }
}
