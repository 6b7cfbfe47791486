import type { Db, Tx } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'

/** A key as it may be shown. */
export interface KeyRow {
  readonly id: string
  readonly userId: string | null
  readonly name: string
  readonly keyPrefix: string
  readonly scopes: readonly string[]
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly lastUsedAt: Date | null
  readonly revokedAt: Date | null
  readonly state: KeyState
}

export type KeyState = 'live' | 'expired' | 'revoked'

export interface FoundKey {
  readonly id: string
  readonly userId: string | null
  readonly scopes: readonly string[]
  readonly digest: Buffer
  readonly state: KeyState
}

export async function findKeyByPrefix(db: Db, prefix: string): Promise<FoundKey | undefined> {
  const { rows } = await db.query<FoundKey>(sql`
    select k.id, k.user_id as "userId", k.scopes, d.digest,
      case when k.revoked_at is not null then 'revoked' when k.expires_at <= now() then 'expired' else 'live' end as state
    from public.api_keys k join ops.api_key_digests d on d.key_id = k.id
    where k.key_prefix = ${prefix}`)
  return rows[0]
}

/** Once a minute is enough to know whether a key is still in use, and spares a write for each request. */
export async function markKeyUsed(db: Db, id: string): Promise<void> {
  await db.query(sql`
    update public.api_keys set last_used_at = now()
    where id = ${id}::uuid and (last_used_at is null or last_used_at < now() - interval '1 minute')`)
}

export async function ensurePerson(tx: Tx, userId: string): Promise<void> {
  await tx.query(sql`insert into public.app_users (user_id) values (${userId}::uuid) on conflict do nothing`)
}

/** Holds the person's row, so that two requests at once cannot both be the last one allowed. */
export async function countLiveKeys(tx: Tx, userId: string): Promise<number> {
  await tx.query(sql`select from public.app_users where user_id = ${userId}::uuid for update`)
  const { rows } = await tx.query<{ count: number }>(sql`
    select count(*)::integer as count from public.api_keys
    where user_id = ${userId}::uuid and revoked_at is null and expires_at > now()`)
  return rows[0]?.count ?? 0
}

export interface KeyToInsert {
  readonly userId: string | null
  readonly name: string
  readonly prefix: string
  readonly digest: Buffer
  readonly scopes: readonly string[]
  readonly createdBy: string | null
  readonly days: number
}

export async function insertKey(tx: Tx, key: KeyToInsert): Promise<{ id: string; expiresAt: Date }> {
  const { rows } = await tx.query<{ id: string; expiresAt: Date }>(sql`
    with made as (
      insert into public.api_keys (user_id, name, key_prefix, scopes, created_by, expires_at)
      values (${key.userId}::uuid, ${key.name}, ${key.prefix}, ${key.scopes}::text[], ${key.createdBy}::uuid,
        now() + make_interval(days => ${key.days}::integer))
      returning id, expires_at
    ), kept as (
      insert into ops.api_key_digests (key_id, digest) select id, ${key.digest}::bytea from made
    )
    select id, expires_at as "expiresAt" from made`)
  const [row] = rows
  if (row === undefined) throw new Error('an insert answered no row')
  return row
}

export interface LockedKey {
  readonly id: string
  readonly userId: string | null
  readonly name: string
  readonly scopes: readonly string[]
  readonly days: number
  readonly isLive: boolean
  readonly isReplaced: boolean
}

export async function lockKey(tx: Tx, id: string): Promise<LockedKey | undefined> {
  const { rows } = await tx.query<LockedKey>(sql`
    select id, user_id as "userId", name, scopes, greatest(1, ceil(extract(epoch from expires_at - created_at) / 86400))::integer as days,
      revoked_at is null and expires_at > now() as "isLive", replaced_by is not null as "isReplaced"
    from public.api_keys where id = ${id}::uuid for update`)
  return rows[0]
}

/** The old key works until the overlap is over, and never longer than it would have. */
export async function replaceKey(
  tx: Tx,
  { id, by, overlapMinutes }: { id: string; by: string; overlapMinutes: number },
): Promise<void> {
  await tx.query(sql`
    update public.api_keys
    set replaced_by = ${by}::uuid,
      revoked_at = case when ${overlapMinutes}::integer = 0 then now() end,
      expires_at = least(expires_at, greatest(created_at + interval '1 microsecond', now() + make_interval(mins => ${overlapMinutes}::integer)))
    where id = ${id}::uuid`)
}

/** Revoking again keeps the first time. */
export async function markRevoked(tx: Tx, id: string): Promise<Date> {
  const { rows } = await tx.query<{ at: Date }>(sql`
    update public.api_keys set revoked_at = coalesce(revoked_at, now()) where id = ${id}::uuid returning revoked_at as at`)
  const [row] = rows
  if (row === undefined) throw new Error('the locked key is gone')
  return row.at
}

/** Newest first. */
export async function listKeys(db: Db): Promise<readonly KeyRow[]> {
  const { rows } = await db.query<KeyRow>(sql`
    select id, user_id as "userId", name, key_prefix as "keyPrefix", scopes, created_at as "createdAt", expires_at as "expiresAt",
      last_used_at as "lastUsedAt", revoked_at as "revokedAt",
      case when revoked_at is not null then 'revoked' when expires_at <= now() then 'expired' else 'live' end as state
    from public.api_keys order by created_at desc, id limit 1000`)
  return rows
}
