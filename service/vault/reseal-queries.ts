import type { Db } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'
import type { DataKeyRow } from './data-keys.ts'

export interface TokensUnderOldKey {
  readonly userId: string
  readonly platform: string
  readonly accessToken: Buffer
  readonly refreshToken: Buffer | null
}

/** Tokens of these people that another key than their current one sealed: a box names its key in bytes 27 to 42. */
export async function findTokensUnderOldKeys(db: Db, userIds: readonly string[]): Promise<TokensUnderOldKey[]> {
  const { rows } = await db.query<TokensUnderOldKey>(sql`
    select t.user_id as "userId", t.platform, t.access_token_sealed as "accessToken", t.refresh_token_sealed as "refreshToken"
    from vault.tokens t join vault.user_keys k on k.user_id = t.user_id and k.retired_at is null
    where t.user_id = any(${userIds}::uuid[])
      and (substring(t.access_token_sealed from 27 for 16) <> uuid_send(k.key_id)
        or substring(t.refresh_token_sealed from 27 for 16) <> uuid_send(k.key_id))`)
  return rows
}

export interface UserKeyRow extends DataKeyRow {
  readonly userId: string
  readonly isCurrent: boolean
}

export async function findUserKeys(db: Db, userIds: readonly string[]): Promise<UserKeyRow[]> {
  const { rows } = await db.query<UserKeyRow>(sql`
    select user_id as "userId", key_id as "keyId", version, master_version as "masterVersion", wrapped_key as "wrappedKey",
      retired_at is null as "isCurrent"
    from vault.user_keys where user_id = any(${userIds}::uuid[])`)
  return rows
}

/** Counted before they are made; answers which of the current keys may seal so many. */
export async function countSealsOfMany(
  db: Db,
  { keyIds, seals, maxSeals }: { keyIds: readonly string[]; seals: readonly number[]; maxSeals: number },
): Promise<string[]> {
  const { rows } = await db.query<{ keyId: string }>(sql`
    update vault.user_keys k set seals = k.seals + n.seals
    from unnest(${keyIds}::uuid[], ${seals}::integer[]) as n (key_id, seals)
    where k.key_id = n.key_id and k.retired_at is null and k.seals + n.seals <= ${maxSeals}::bigint
    returning k.key_id as "keyId"`)
  return rows.map(({ keyId }) => keyId)
}

export interface ResealedTokens {
  readonly before: TokensUnderOldKey
  readonly accessToken: Buffer
  readonly refreshToken: Buffer | null
}

/** Compare and swap: a pair that a refresh has replaced meanwhile stays as the refresh left it. */
export async function swapTokens(db: Db, pairs: readonly ResealedTokens[]): Promise<number> {
  const { rowCount } = await db.query(sql`
    update vault.tokens t set access_token_sealed = n.access, refresh_token_sealed = n.refresh
    from unnest(${pairs.map(({ before }) => before.userId)}::uuid[], ${pairs.map(({ before }) => before.platform)}::text[],
      ${pairs.map(({ before }) => before.accessToken)}::bytea[], ${pairs.map(({ before }) => before.refreshToken)}::bytea[],
      ${pairs.map(({ accessToken }) => accessToken)}::bytea[], ${pairs.map(({ refreshToken }) => refreshToken)}::bytea[])
      as n (user_id, platform, old_access, old_refresh, access, refresh)
    where t.user_id = n.user_id and t.platform = n.platform
      and t.access_token_sealed = n.old_access and t.refresh_token_sealed is not distinct from n.old_refresh`)
  return rowCount
}

/** Retired keys of these people under which nothing is left. */
export async function deleteEmptyKeys(db: Db, userIds: readonly string[]): Promise<number> {
  const { rowCount } = await db.query(sql`
    delete from vault.user_keys k
    where k.user_id = any(${userIds}::uuid[]) and k.retired_at is not null and not exists (
      select from vault.tokens t where t.user_id = k.user_id
        and (substring(t.access_token_sealed from 27 for 16) = uuid_send(k.key_id)
          or substring(t.refresh_token_sealed from 27 for 16) = uuid_send(k.key_id)))`)
  return rowCount
}
