import type { Tx } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'
import { auditConnection, SYSTEM } from './audit.ts'
import { endConnectionRow } from './queries.ts'
import { queueRevocation } from './revoke-tokens.task.ts'
import type { ConnectionServices } from './services.ts'

export type EndAllServices = Pick<ConnectionServices, 'vault' | 'cancelRuns' | 'audit'>

export interface Ended {
  readonly platform: string
  /** What the platform has yet to be told with. */
  readonly revocationId: string
}

/** Ends every connection of a person who is being erased, in the caller's transaction, and destroys their keys. Safe to call again. */
export async function endAllConnections(
  { vault, cancelRuns, audit }: EndAllServices,
  tx: Tx,
  userId: string,
): Promise<readonly Ended[]> {
  const { rows } = await tx.query<{ id: string; platform: string }>(sql`
    select id, platform from public.connections where user_id = ${userId}::uuid order by platform for update`)
  const ended: Ended[] = []
  for (const { id: connectionId, platform } of rows) {
    const key = { userId, platform }
    if ((await endConnectionRow(tx, key, null)) !== undefined)
      await auditConnection({ audit, tx }, key, { action: 'connection.disconnected', actor: SYSTEM })
    await cancelRuns(tx, key)
    const pair = await vault.takeTokens(tx, key)
    if (pair !== undefined)
      ended.push({ platform, revocationId: await queueRevocation({ vault }, tx, { connectionId, platform, pair }) })
  }
  await vault.destroyUserKey(tx, userId)
  return ended
}
