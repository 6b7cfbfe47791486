import type { Db, Tx } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'

/** A platform that has not confirmed by then is not asked any more; the tokens are deleted. */
export const GIVE_UP_AFTER_DAYS = 7

export interface PendingRevocation {
  readonly connectionId: string
  readonly platform: string
  readonly tokensSealed: Buffer
  readonly attempts: number
  readonly isOver: boolean
}

export async function insertPendingRevocation(
  tx: Tx,
  revocation: { id: string; connectionId: string; platform: string; tokensSealed: Buffer },
): Promise<void> {
  await tx.query(sql`
    insert into vault.pending_revocations (id, connection_id, platform, tokens_sealed, gives_up_at)
    values (${revocation.id}::uuid, ${revocation.connectionId}::uuid, ${revocation.platform}, ${revocation.tokensSealed},
      now() + make_interval(days => ${GIVE_UP_AFTER_DAYS}::integer))`)
  await setRevocationStatus(tx, revocation.connectionId, 'pending')
}

export async function findPendingRevocation(db: Db, id: string): Promise<PendingRevocation | undefined> {
  const { rows } = await db.query<PendingRevocation>(sql`
    select connection_id as "connectionId", platform, tokens_sealed as "tokensSealed", attempts,
      gives_up_at <= clock_timestamp() as "isOver"
    from vault.pending_revocations where id = ${id}::uuid`)
  return rows[0]
}

/** The platform ended the old refresh token with its answer: the new pair is kept before it is used. */
export async function replaceRevocable(db: Db, id: string, tokensSealed: Buffer): Promise<void> {
  await db.query(sql`update vault.pending_revocations set tokens_sealed = ${tokensSealed} where id = ${id}::uuid`)
}

export async function countAttempt(db: Db, id: string): Promise<void> {
  await db.query(sql`update vault.pending_revocations set attempts = attempts + 1 where id = ${id}::uuid`)
}

/** Deletes the sealed pair and tells the person how it ended: whose it was, undefined when they have been erased or are connected again. */
export async function settleRevocation(
  tx: Tx,
  { id, connectionId }: { id: string; connectionId: string },
  status: 'confirmed' | 'given_up',
): Promise<string | undefined> {
  await tx.query(sql`delete from vault.pending_revocations where id = ${id}::uuid`)
  // What an erasure waits for, and reports.
  await tx.query(sql`
    update ops.erasure_revocations set outcome = ${status}, settled_at = now() where revocation_id = ${id}::uuid`)
  return await setRevocationStatus(tx, connectionId, status)
}

/**
 * The account is connected again: revoking what was granted before could end what was granted now (at Strava, revoking either token
 * ends the whole grant).
 */
export async function dropPendingRevocations(
  tx: Tx,
  { platform, platformUserId }: { platform: string; platformUserId: string },
): Promise<void> {
  await tx.query(sql`
    delete from vault.pending_revocations r using public.connections c
    where r.connection_id = c.id and c.platform = ${platform} and c.platform_user_id = ${platformUserId}`)
}

async function setRevocationStatus(
  tx: Tx,
  connectionId: string,
  status: 'pending' | 'confirmed' | 'given_up',
): Promise<string | undefined> {
  const { rows } = await tx.query<{ userId: string }>(sql`
    update public.connections set revocation_status = ${status}, updated_at = now()
    where id = ${connectionId}::uuid and status = 'disconnected'
    returning user_id as "userId"`)
  return rows[0]?.userId
}
