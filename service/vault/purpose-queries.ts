import type { Db, Tx } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'
import type { DataKeyRow } from './data-keys.ts'
import type { WrapContext } from './key-source.ts'

export type SharedPurpose = Exclude<WrapContext['purpose'], 'token'>

export interface ReservedSeals extends DataKeyRow {
  readonly reserved: number
}

/** Up to `block` seals of the current key that nobody else will make; undefined when there is no key, or none are left. */
export async function reserveSeals(
  db: Db,
  { purpose, block, maxSeals }: { purpose: SharedPurpose; block: number; maxSeals: number },
): Promise<ReservedSeals | undefined> {
  const { rows } = await db.query<ReservedSeals>(sql`
    update vault.purpose_keys set seals = least(seals + ${block}::integer, ${maxSeals}::bigint)
    where purpose = ${purpose} and retired_at is null and seals < ${maxSeals}::bigint
    returning key_id as "keyId", version, master_version as "masterVersion", wrapped_key as "wrappedKey",
      (new.seals - old.seals)::integer as reserved`)
  return rows[0]
}

export async function findPurposeKey(
  db: Db,
  { purpose, keyId }: { purpose: SharedPurpose; keyId: string },
): Promise<DataKeyRow | undefined> {
  const { rows } = await db.query<DataKeyRow>(sql`
    select key_id as "keyId", version, master_version as "masterVersion", wrapped_key as "wrappedKey"
    from vault.purpose_keys where key_id = ${keyId}::uuid and purpose = ${purpose}`)
  return rows[0]
}

/** Retires keys that have no seals left, or were made before a moment. */
export async function retirePurposeKey(
  tx: Tx,
  { purpose, maxSeals, madeBefore }: { purpose: SharedPurpose; maxSeals: number; madeBefore: Date | null },
): Promise<void> {
  await tx.query(sql`
    update vault.purpose_keys set retired_at = clock_timestamp()
    where purpose = ${purpose} and retired_at is null
      and (seals >= ${maxSeals}::bigint or created_at < ${madeBefore}::timestamptz)`)
}

/** Does nothing where there is a current key. */
export async function insertPurposeKey(
  tx: Tx,
  key: { purpose: SharedPurpose; keyId: string; masterVersion: number; wrappedKey: Buffer },
): Promise<void> {
  await tx.query(sql`
    insert into vault.purpose_keys (purpose, key_id, version, master_version, wrapped_key)
    select ${key.purpose}, ${key.keyId}::uuid, coalesce(max(version), 0) + 1, ${key.masterVersion}::integer, ${key.wrappedKey}
    from vault.purpose_keys where purpose = ${key.purpose}
    on conflict do nothing`)
}

/** Keys that were retired so long ago that nothing they sealed is left. */
export async function deleteOldPurposeKeys(tx: Tx, keepDays: number): Promise<number> {
  const { rowCount } = await tx.query(sql`
    delete from vault.purpose_keys where retired_at < now() - make_interval(days => ${keepDays}::integer)`)
  return rowCount
}
