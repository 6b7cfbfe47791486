import type { Tx } from '../../runtime/db.ts'
import { sql } from '../../runtime/sql.ts'
import { recordErasure } from '../../vault/backup/erasure-ledger.ts'
import { countPerson, deleteJobs, findTraces } from './purge-queries.ts'
import { insertRevocations, isHeld, lockErasure, markErasing } from './register-queries.ts'
import type { ErasureServices } from './services.ts'
import { accountDigest, insertTombstones } from './tombstones.ts'

/**
 * One transaction, after which nothing of the person can be used or brought back: connections ended, tokens kept for their revocation
 * alone, keys destroyed, tombstones set, waiting jobs removed. `held`: a legal hold; `gone`: somebody else did it.
 */
export async function beginErasure(services: ErasureServices, erasureId: string): Promise<'begun' | 'held' | 'gone'> {
  return services.db.transaction(async (tx) => {
    const erasure = await lockErasure(tx, erasureId)
    if (erasure?.status !== 'requested' || erasure.userId === null || !erasure.isDue) return 'gone'
    const { userId } = erasure
    await tx.query(sql`select from public.app_users where user_id = ${userId}::uuid for update`)
    if (await isHeld(tx, userId)) return 'held'
    await begin(services, tx, { erasureId, userId })
    return 'begun'
  })
}

async function begin(
  { audit, endConnections, ledgerKey }: ErasureServices,
  tx: Tx,
  { erasureId, userId }: { erasureId: string; userId: string },
): Promise<void> {
  const before = await countPerson(tx, userId)
  const { keyIds, accounts, sourceIds, openRevocations } = await findTraces(tx, userId)
  const ended = await endConnections(tx, userId)
  await insertRevocations(tx, erasureId, [...openRevocations, ...ended])
  await audit(tx, {
    action: 'erasure.begun',
    actor: { kind: 'system', id: null },
    subjectUserId: userId,
    outcome: 'success',
    details: { erasure_id: erasureId },
  })
  const accountDigests = ledgerKey === undefined ? [] : accounts.map((account) => accountDigest(ledgerKey, account))
  await insertTombstones(tx, { erasureId, userId, accounts: accountDigests })
  if (ledgerKey !== undefined) await recordErasure(tx, ledgerKey, { userId, accountDigests })
  await deleteJobs(tx, userId)
  await markErasing(tx, erasureId, { before, keyIds, accounts, sourceIds })
}
