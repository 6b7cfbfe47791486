import type { Db, Tx } from '../runtime/db.ts'
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
      (user_id, platform, status, status_reason, granted_scopes, missing_scopes, platform_user_id, strategy, strategy_reason)
    values (${connection.userId}::uuid, ${connection.platform}, ${connection.status}, ${connection.statusReason},
      ${connection.grantedScopes}::text[], ${connection.missingScopes}::text[], ${connection.platformUserId},
      coalesce((select p.strategy from public.platforms p where p.id = ${connection.platform}), 'push'), 'waiting_for_the_first')
    on conflict (user_id, platform) do update set
      status = excluded.status, status_reason = excluded.status_reason,
      granted_scopes = excluded.granted_scopes, missing_scopes = excluded.missing_scopes,
      synced_through = case when connections.platform_user_id = excluded.platform_user_id
        and connections.granted_scopes @> excluded.granted_scopes then connections.synced_through end,
      platform_user_id = excluded.platform_user_id, strategy = excluded.strategy,
      strategy_reason = excluded.strategy_reason, polling_since = null,
      connected_at = now(), disconnected_at = null, revocation_status = null, updated_at = now()
    returning id`)
  if (rows[0] === undefined) throw new Error('an upserted row was not returned')
  return rows[0].id
}

/** Ends it unless it has ended; its id when this call did. */
export async function endConnectionRow(
  tx: Tx,
  { userId, platform }: ConnectionKey,
  reason: string | null,
): Promise<string | undefined> {
  const { rows } = await tx.query<{ id: string }>(sql`
    update public.connections
    set status = 'disconnected', status_reason = ${reason}, disconnected_at = now(), updated_at = now()
    where user_id = ${userId}::uuid and platform = ${platform} and status <> 'disconnected'
    returning id`)
  return rows[0]?.id
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

/** 'other_version': the tokens are newer by now, and whoever stored them knows better. */
export async function markNeedsReauth(
  tx: Tx,
  { userId, platform }: ConnectionKey,
  version: string,
): Promise<'newly' | 'already' | 'other_version'> {
  const { rows } = await tx.query<{ was: string }>(sql`
    update public.connections c
    set status = 'needs_reauth', status_reason = 'connection/reauth_required', updated_at = now()
    from vault.tokens t
    where c.user_id = ${userId}::uuid and c.platform = ${platform} and c.status <> 'disconnected'
      and t.user_id = c.user_id and t.platform = c.platform and t.token_version = ${version}::bigint
    returning old.status as was`)
  if (rows[0] === undefined) return 'other_version'
  return rows[0].was === 'needs_reauth' ? 'already' : 'newly'
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

/** The platform refused data for want of a scope. Keeps the list of what is missing where there is one already. */
export async function markLimited(
  db: Db,
  { userId, platform }: ConnectionKey,
  missingScopes: readonly string[],
): Promise<void> {
  await db.query(sql`
    update public.connections set status = 'limited', status_reason = 'connection/scope_missing', updated_at = now(),
      missing_scopes = case when missing_scopes = '{}' then ${missingScopes}::text[] else missing_scopes end
    where user_id = ${userId}::uuid and platform = ${platform} and status = 'active'`)
}

export async function findConnectionId(db: Db, { userId, platform }: ConnectionKey): Promise<string | undefined> {
  const { rows } = await db.query<{ id: string }>(sql`
    select id from public.connections where user_id = ${userId}::uuid and platform = ${platform}`)
  return rows[0]?.id
}

export interface ConnectionState {
  readonly status: ConnectionStatus
  readonly statusReason: string | null
  readonly missingScopes: readonly string[]
}

/** Undefined when it is not there or has ended. */
export async function findConnectionState(
  db: Db,
  { userId, platform }: ConnectionKey,
): Promise<ConnectionState | undefined> {
  const { rows } = await db.query<ConnectionState>(sql`
    select status, status_reason as "statusReason", missing_scopes as "missingScopes" from public.connections
    where user_id = ${userId}::uuid and platform = ${platform} and status <> 'disconnected'`)
  return rows[0]
}
