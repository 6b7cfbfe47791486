import type { Platforms } from '../platforms/contract.ts'
import type { Db, Tx } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'
import { getPlatformOAuth } from './platform-oauth.ts'
import type { ConnectionKey } from './services.ts'

export async function findGrantedScopes(db: Db, { userId, platform }: ConnectionKey): Promise<readonly string[]> {
  const { rows } = await db.query<{ scopes: string[] }>(sql`
    select c.granted_scopes as scopes from public.connections c
    where c.user_id = ${userId}::uuid and c.platform = ${platform} and c.status <> 'disconnected'`)
  return rows[0]?.scopes ?? []
}

/** What the platform says is granted now; it decides between `active` and `limited`. */
export async function setGrantedScopes(
  platforms: Platforms,
  tx: Tx,
  { key, granted }: { key: ConnectionKey; granted: readonly string[] },
): Promise<void> {
  const { scopes, requiredScopes } = getPlatformOAuth(platforms, key.platform)
  const known = scopes.filter((scope) => granted.includes(scope))
  const missing = requiredScopes.filter((scope) => !granted.includes(scope))
  const status = missing.length === 0 ? 'active' : 'limited'
  await tx.query(sql`
    update public.connections set granted_scopes = ${known}::text[], missing_scopes = ${missing}::text[],
      status = case when status = 'needs_reauth' then status else ${status} end,
      status_reason = case when status = 'needs_reauth' then status_reason when ${status}::text = 'limited' then 'connection/scope_missing' end,
      updated_at = now()
    where user_id = ${key.userId}::uuid and platform = ${key.platform} and status <> 'disconnected'`)
}
