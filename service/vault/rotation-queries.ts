import type { Db, Tx } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'
import type { Wrapped } from './master-keys.ts'
import type { UserKeyRow } from './reseal-queries.ts'

export type RotationKind = 'all' | 'master' | 'user'

export interface Rotation {
  readonly id: string
  readonly kind: RotationKind
  readonly status: 'running' | 'complete'
  readonly keysBefore: Date
  readonly masterVersion: number | null
  readonly totalKeys: number
  readonly rotatedKeys: number
  readonly skippedKeys: number
  readonly errorCode: string | null
  readonly startedAt: Date
  readonly finishedAt: Date | null
}

/** Newest first. */
export async function listRotations(db: Db, limit: number): Promise<Rotation[]> {
  const { rows } = await db.query<Rotation>(sql`
    select id, kind, status, keys_before as "keysBefore", master_version as "masterVersion", total_keys as "totalKeys",
      rotated_keys as "rotatedKeys", skipped_keys as "skippedKeys", error_code as "errorCode", started_at as "startedAt",
      finished_at as "finishedAt"
    from public.key_rotations order by started_at desc limit ${limit}`)
  return rows
}

export async function findRunningRotation(db: Db): Promise<Rotation | undefined> {
  return (await listRotations(db, 1)).find(({ status }) => status === 'running')
}

/** Undefined when one is running already. */
export async function insertRotation(
  tx: Tx,
  rotation: { kind: RotationKind; requestedBy: string | null; minAgeDays: number; wrapAnew: boolean },
): Promise<{ id: string; totalKeys: number } | undefined> {
  const { kind, requestedBy, minAgeDays, wrapAnew } = rotation
  const { rows } = await tx.query<{ id: string; totalKeys: number }>(sql`
    insert into public.key_rotations (kind, requested_by, keys_before, master_version, total_keys)
    select ${kind}, ${requestedBy}::uuid, b.at,
      case when ${wrapAnew}::boolean or ${kind} = 'user' then null else (select version from vault.master_key_versions where state = 'current') end,
      (case when ${kind} = 'user' then 0 else (select count(*) from vault.user_keys) end)
        + (case when ${kind} = 'master' then 0 else
            (select count(*) from vault.user_keys where retired_at is null and created_at < b.at) end)
    from (select now() - make_interval(days => ${minAgeDays}::integer) as at) b
    on conflict do nothing
    returning id, total_keys as "totalKeys"`)
  return rows[0]
}

export async function setRotationVersion(tx: Tx, id: string, masterVersion: number): Promise<void> {
  await tx.query(sql`
    update public.key_rotations set master_version = ${masterVersion}::integer, updated_at = now() where id = ${id}::uuid`)
}

export async function addProgress(db: Db, id: string, { rotated = 0, skipped = 0 }): Promise<void> {
  await db.query(sql`
    update public.key_rotations set rotated_keys = rotated_keys + ${rotated}::integer,
      skipped_keys = skipped_keys + ${skipped}::integer, error_code = null, updated_at = now()
    where id = ${id}::uuid`)
}

export async function noteRotationError(db: Db, id: string, errorCode: string): Promise<void> {
  await db.query(sql`
    update public.key_rotations set error_code = ${errorCode}, updated_at = now() where id = ${id}::uuid and status = 'running'`)
}

export async function finishRotation(tx: Tx, id: string): Promise<boolean> {
  const { rowCount } = await tx.query(sql`
    update public.key_rotations set status = 'complete', error_code = null, finished_at = now(), updated_at = now()
    where id = ${id}::uuid and status = 'running'`)
  return rowCount === 1
}

export interface WrappedKeyRow extends Wrapped {
  readonly keyId: string
}

/** People's keys that another version than this one wraps, in order of their ids. */
export async function findUserKeysToWrap(
  db: Db,
  { target, after, limit }: { target: number; after: string; limit: number },
): Promise<WrappedKeyRow[]> {
  const { rows } = await db.query<WrappedKeyRow>(sql`
    select key_id as "keyId", master_version as "masterVersion", wrapped_key as "wrappedKey" from vault.user_keys
    where master_version <> ${target}::integer and key_id > ${after}::uuid order by key_id limit ${limit}`)
  return rows
}

export interface Rewrapped {
  readonly keyId: string
  readonly before: Buffer
  readonly wrappedKey: Buffer
}

export async function swapWrappedUserKeys(db: Db, target: number, keys: readonly Rewrapped[]): Promise<number> {
  const { rowCount } = await db.query(sql`
    update vault.user_keys k set wrapped_key = n.wrapped, master_version = ${target}::integer
    from unnest(${keys.map(({ keyId }) => keyId)}::uuid[], ${keys.map(({ before }) => before)}::bytea[],
      ${keys.map(({ wrappedKey }) => wrappedKey)}::bytea[]) as n (key_id, before, wrapped)
    where k.key_id = n.key_id and k.wrapped_key = n.before`)
  return rowCount
}

export async function findPurposeKeysToWrap(db: Db, target: number): Promise<(WrappedKeyRow & { purpose: 'inbox' })[]> {
  const { rows } = await db.query<WrappedKeyRow & { purpose: 'inbox' }>(sql`
    select key_id as "keyId", purpose, master_version as "masterVersion", wrapped_key as "wrappedKey"
    from vault.purpose_keys where master_version <> ${target}::integer`)
  return rows
}

export async function swapWrappedPurposeKey(db: Db, target: number, key: Rewrapped): Promise<void> {
  await db.query(sql`
    update vault.purpose_keys set wrapped_key = ${key.wrappedKey}, master_version = ${target}::integer
    where key_id = ${key.keyId}::uuid and wrapped_key = ${key.before}`)
}

/** Current keys that are due, in order of their ids. */
export async function findUserKeysToReplace(
  db: Db,
  { keysBefore, after, limit }: { keysBefore: Date; after: string; limit: number },
): Promise<Pick<UserKeyRow, 'keyId' | 'userId'>[]> {
  const { rows } = await db.query<Pick<UserKeyRow, 'keyId' | 'userId'>>(sql`
    select key_id as "keyId", user_id as "userId" from vault.user_keys
    where retired_at is null and created_at < ${keysBefore}::timestamptz and key_id > ${after}::uuid
    order by key_id limit ${limit}`)
  return rows
}

export interface Replacement extends Wrapped {
  readonly oldKeyId: string
  readonly keyId: string
}

/**
 * Retires each old key and puts the new one in its place, in one statement; what was destroyed or replaced meanwhile is left alone.
 * It waits for whoever is sealing with an old key: afterwards nobody is.
 */
export async function replaceUserKeys(tx: Tx, keys: readonly Replacement[]): Promise<number> {
  const { rowCount } = await tx.query(sql`
    with fresh as (
      select * from unnest(${keys.map(({ oldKeyId }) => oldKeyId)}::uuid[], ${keys.map(({ keyId }) => keyId)}::uuid[],
        ${keys.map(({ masterVersion }) => masterVersion)}::integer[], ${keys.map(({ wrappedKey }) => wrappedKey)}::bytea[])
        as n (old_key_id, key_id, master_version, wrapped_key)
    ), retired as (
      update vault.user_keys k set retired_at = clock_timestamp() from fresh f
      where k.key_id = f.old_key_id and k.retired_at is null
      returning k.user_id, k.version, f.key_id, f.master_version, f.wrapped_key
    )
    insert into vault.user_keys (key_id, user_id, version, master_version, wrapped_key)
    select r.key_id, r.user_id, r.version + 1, r.master_version, r.wrapped_key from retired r`)
  return rowCount
}

/** People who still have a retired key, in order of their keys' ids. */
export async function findRetiredUserKeys(
  db: Db,
  { after, limit }: { after: string; limit: number },
): Promise<Pick<UserKeyRow, 'keyId' | 'userId'>[]> {
  const { rows } = await db.query<Pick<UserKeyRow, 'keyId' | 'userId'>>(sql`
    select key_id as "keyId", user_id as "userId" from vault.user_keys
    where retired_at is not null and key_id > ${after}::uuid order by key_id limit ${limit}`)
  return rows
}

/** What is due by age, or because a key is not wrapped by the current version. Ages as the database sees them. */
export async function findDue(
  db: Db,
  { masterKeyMaxAgeDays, userKeyMaxAgeDays }: { masterKeyMaxAgeDays: number; userKeyMaxAgeDays: number },
): Promise<{ masterIsOld: boolean; keysAreOld: boolean; wrappedByOther: boolean }> {
  const { rows } = await db.query<{ masterIsOld: boolean; keysAreOld: boolean; wrappedByOther: boolean }>(sql`
    select
      coalesce((select created_at < now() - make_interval(days => ${masterKeyMaxAgeDays}::integer)
        from vault.master_key_versions where state = 'current'), false) as "masterIsOld",
      exists (select from vault.user_keys where retired_at is not null
        or created_at < now() - make_interval(days => ${userKeyMaxAgeDays}::integer)) as "keysAreOld",
      exists (select from vault.master_key_versions where state = 'opening') as "wrappedByOther"`)
  return rows[0] ?? { masterIsOld: false, keysAreOld: false, wrappedByOther: false }
}
