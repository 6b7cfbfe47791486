import type { Tx } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'
import type { ConnectionKey } from './services.ts'

export type ConnectionStatus = 'active' | 'limited' | 'needs_reauth' | 'disconnected'

/** Makes sure the person has a row, and locks it: connecting and disconnecting go one after the other for each person. */
export async function lockUser(tx: Tx, userId: string): Promise<void> {
  await tx.query(sql`
    insert into public.app_users as u (user_id) values (${userId}::uuid)
    on conflict (user_id) do update set time_zone = u.time_zone`)
}

export interface GrantedConnection extends ConnectionKey {
  readonly platformUserId: string
  readonly grantedScopes: readonly string[]
  readonly missingScopes: readonly string[]
  readonly status: 'active' | 'limited'
  readonly statusReason: string | null
}

/** Violates connections_one_owner_per_account when the account is somebody else's. */
export async function upsertConnection(tx: Tx, connection: GrantedConnection): Promise<string> {
  const { rows } = await tx.query<{ id: string }>(sql`
    insert into public.connections
      (user_id, platform, status, status_reason, granted_scopes, missing_scopes, platform_user_id)
    values (${connection.userId}::uuid, ${connection.platform}, ${connection.status}, ${connection.statusReason},
      ${connection.grantedScopes}::text[], ${connection.missingScopes}::text[], ${connection.platformUserId})
    on conflict (user_id, platform) do update set
      status = excluded.status, status_reason = excluded.status_reason,
      granted_scopes = excluded.granted_scopes, missing_scopes = excluded.missing_scopes,
      platform_user_id = excluded.platform_user_id,
      connected_at = now(), disconnected_at = null, updated_at = now()
    returning id`)
  if (rows[0] === undefined) throw new Error('an upserted row was not returned')
  return rows[0].id
}

/** Ends it unless it has ended; true when this call did. */
export async function endConnectionRow(
  tx: Tx,
  { userId, platform }: ConnectionKey,
  reason: string | null,
): Promise<boolean> {
  const { rowCount } = await tx.query(sql`
    update public.connections
    set status = 'disconnected', status_reason = ${reason}, disconnected_at = now(), updated_at = now()
    where user_id = ${userId}::uuid and platform = ${platform} and status <> 'disconnected'`)
  return rowCount === 1
}

export async function hasConnections(tx: Tx, userId: string): Promise<boolean> {
  const { rowCount } = await tx.query(sql`
    select 1 from public.connections where user_id = ${userId}::uuid and status <> 'disconnected' limit 1`)
  return rowCount > 0
}

/** Every writer of tokens locks the connection first, so that none of them waits for another in a circle. */
export async function lockConnection(tx: Tx, { userId, platform }: ConnectionKey): Promise<void> {
  await tx.query(sql`
    select 1 from public.connections where user_id = ${userId}::uuid and platform = ${platform} for no key update`)
}

/** False when the tokens have another version by now: whoever stored it knows better. */
export async function markNeedsReauth(tx: Tx, { userId, platform }: ConnectionKey, version: string): Promise<boolean> {
  const { rowCount } = await tx.query(sql`
    update public.connections c
    set status = 'needs_reauth', status_reason = 'connection/reauth_required', updated_at = now()
    from vault.tokens t
    where c.user_id = ${userId}::uuid and c.platform = ${platform} and c.status <> 'disconnected'
      and t.user_id = c.user_id and t.platform = c.platform and t.token_version = ${version}::bigint`)
  return rowCount === 1
}

/** A pair that arrives after all, from a process that was given up for dead, mends what its successor reported. */
export async function clearNeedsReauth(tx: Tx, { userId, platform }: ConnectionKey): Promise<void> {
  await tx.query(sql`
    update public.connections set
      status = case when missing_scopes = '{}' then 'active' else 'limited' end,
      status_reason = case when missing_scopes = '{}' then null else 'connection/scope_missing' end,
      updated_at = now()
    where user_id = ${userId}::uuid and platform = ${platform} and status = 'needs_reauth'`)
}
