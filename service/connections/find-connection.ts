import type { Db, Tx } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'
import { deleteTokens } from '../vault/queries.ts'
import { auditConnection, byPlatform, SYSTEM } from './audit.ts'
import { type ConnectionStatus, endConnectionRow, hasConnections, lockUser } from './queries.ts'
import type { ConnectionKey, ConnectionServices } from './services.ts'

/** Whose account this is; undefined when nobody has it connected. */
export async function findConnectionByAccount(
  db: Db,
  account: { platform: string; platformUserId: string },
): Promise<{ userId: string; status: ConnectionStatus } | undefined> {
  const { rows } = await db.query<{ userId: string; status: ConnectionStatus }>(sql`
    select user_id as "userId", status from public.connections
    where platform = ${account.platform} and platform_user_id = ${account.platformUserId} and status <> 'disconnected'`)
  return rows[0]
}

/** The person ended it at the platform: there is nothing to revoke. Safe to call again. */
export async function endByPlatform(
  { audit, vault }: Pick<ConnectionServices, 'audit' | 'vault'>,
  tx: Tx,
  key: ConnectionKey,
): Promise<void> {
  await lockUser(tx, key.userId)
  if ((await endConnectionRow(tx, key, 'connection/ended_at_platform')) === undefined) return
  if ((await deleteTokens(tx, key)) !== undefined)
    await auditConnection({ audit, tx }, key, { action: 'token.destroyed', actor: SYSTEM })
  await auditConnection({ audit, tx }, key, { action: 'connection.ended_at_platform', actor: byPlatform(key.platform) })
  if (!(await hasConnections(tx, key.userId))) await vault.destroyUserKey(tx, key.userId)
}
