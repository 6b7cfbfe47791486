import type { Db, Tx } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'
import type { DataKeyRow } from './data-keys.ts'

export interface SealingKeyRow extends DataKeyRow {
  /** Including those that were just counted. A bigint, as text. */
  readonly seals: string
}

/** Counts seals before they are made; undefined when there is no key, or the cap does not leave so many. The row stays locked. */
export async function countUserSeals(
  tx: Tx,
  { userId, seals, maxSeals }: { userId: string; seals: number; maxSeals: number },
): Promise<SealingKeyRow | undefined> {
  const { rows } = await tx.query<SealingKeyRow>(sql`
    update vault.user_keys set seals = seals + ${seals}::integer
    where user_id = ${userId}::uuid and retired_at is null and seals + ${seals}::integer <= ${maxSeals}::bigint
    returning key_id as "keyId", version, master_version as "masterVersion", wrapped_key as "wrappedKey", seals`)
  return rows[0]
}

export async function hasUserKey(db: Db, userId: string): Promise<boolean> {
  const { rowCount } = await db.query(sql`
    select from vault.user_keys where user_id = ${userId}::uuid and retired_at is null`)
  return rowCount > 0
}

export async function findUserKey(
  db: Db,
  { userId, keyId }: { userId: string; keyId: string },
): Promise<DataKeyRow | undefined> {
  const { rows } = await db.query<DataKeyRow>(sql`
    select key_id as "keyId", version, master_version as "masterVersion", wrapped_key as "wrappedKey"
    from vault.user_keys where key_id = ${keyId}::uuid and user_id = ${userId}::uuid`)
  return rows[0]
}

/** Does nothing when the person already has a current key: of two who create it at once, one wins and both read the same. */
export async function insertUserKey(
  tx: Tx,
  key: { userId: string; keyId: string; masterVersion: number; wrappedKey: Buffer },
): Promise<void> {
  await tx.query(sql`
    insert into vault.user_keys (user_id, key_id, version, master_version, wrapped_key)
    select ${key.userId}::uuid, ${key.keyId}::uuid, coalesce(max(version), 0) + 1, ${key.masterVersion}::integer, ${key.wrappedKey}
    from vault.user_keys where user_id = ${key.userId}::uuid
    on conflict do nothing`)
}

/** From now on it only opens. False when there is none that has sealed so much. */
export async function retireUserKey(tx: Tx, userId: string, minSeals: number): Promise<boolean> {
  const { rowCount } = await tx.query(sql`
    update vault.user_keys set retired_at = clock_timestamp() where user_id = ${userId}::uuid and retired_at is null and seals >= ${minSeals}::bigint`)
  return rowCount === 1
}

export async function deleteUserKeys(tx: Tx, userId: string): Promise<string[]> {
  const { rows } = await tx.query<{ keyId: string }>(sql`
    delete from vault.user_keys where user_id = ${userId}::uuid returning key_id as "keyId"`)
  return rows.map(({ keyId }) => keyId)
}

export interface TokenRow {
  readonly access_token_sealed: Buffer
  readonly refresh_token_sealed: Buffer | null
  /** A bigint, as text. */
  readonly token_version: string
}

export interface SealedPair {
  readonly userId: string
  readonly platform: string
  readonly accessTokenSealed: Buffer
  readonly refreshTokenSealed: Buffer | null
  readonly expiresInSeconds: number | null
}

/** Versions start at the time in microseconds: a refresh begun before a disconnect never matches a pair stored after it. */
export async function upsertTokens(tx: Tx, pair: SealedPair): Promise<void> {
  await tx.query(sql`
    insert into vault.tokens as t
      (user_id, platform, access_token_sealed, refresh_token_sealed, access_expires_at, token_version)
    values (${pair.userId}::uuid, ${pair.platform}, ${pair.accessTokenSealed}, ${pair.refreshTokenSealed},
      clock_timestamp() + make_interval(secs => ${pair.expiresInSeconds}::double precision),
      (extract(epoch from clock_timestamp()) * 1000000)::bigint)
    on conflict (user_id, platform) do update set
      access_token_sealed = excluded.access_token_sealed,
      refresh_token_sealed = excluded.refresh_token_sealed,
      access_expires_at = excluded.access_expires_at,
      token_version = greatest(t.token_version + 1, excluded.token_version),
      lease_holder = null, lease_expires_at = null, updated_at = clock_timestamp()`)
}

/** False when the pair has another version by now. Without a new refresh token the old one stays. */
export async function updateTokens(tx: Tx, pair: SealedPair & { expectedVersion: string }): Promise<boolean> {
  const { rowCount } = await tx.query(sql`
    update vault.tokens set
      access_token_sealed = ${pair.accessTokenSealed},
      refresh_token_sealed = coalesce(${pair.refreshTokenSealed}::bytea, refresh_token_sealed),
      access_expires_at = clock_timestamp() + make_interval(secs => ${pair.expiresInSeconds}::double precision),
      token_version = token_version + 1,
      lease_holder = null, lease_expires_at = null, updated_at = clock_timestamp()
    where user_id = ${pair.userId}::uuid and platform = ${pair.platform} and token_version = ${pair.expectedVersion}::bigint`)
  return rowCount === 1
}

export async function findTokens(db: Db, owner: { userId: string; platform: string }): Promise<TokenRow | undefined> {
  const { rows } = await db.query<TokenRow>(sql`
    select access_token_sealed, refresh_token_sealed, token_version from vault.tokens
    where user_id = ${owner.userId}::uuid and platform = ${owner.platform}`)
  return rows[0]
}

export async function deleteTokens(tx: Tx, owner: { userId: string; platform: string }): Promise<TokenRow | undefined> {
  const { rows } = await tx.query<TokenRow>(sql`
    delete from vault.tokens where user_id = ${owner.userId}::uuid and platform = ${owner.platform}
    returning access_token_sealed, refresh_token_sealed, token_version`)
  return rows[0]
}
