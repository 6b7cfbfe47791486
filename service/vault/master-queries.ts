import type { Db, Tx } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'
import type { MasterVersion } from './key-source.ts'

/** Locked against a change of the current version until the transaction ends: what is wrapped under it is there when a rotation looks. */
export async function lockCurrentVersion(tx: Tx): Promise<MasterVersion | undefined> {
  const { rows } = await tx.query<MasterVersion>(sql`
    select version, source, reference, parameters from vault.master_key_versions where state = 'current' for share`)
  return rows[0]
}

/** Until the transaction ends nobody else makes a version. */
export async function lockVersions(tx: Tx): Promise<void> {
  await tx.query(sql`lock table vault.master_key_versions in share row exclusive mode`)
}

export async function findVersion(db: Db, version: number): Promise<MasterVersion | undefined> {
  const { rows } = await db.query<MasterVersion>(sql`
    select version, source, reference, parameters from vault.master_key_versions where version = ${version}::integer`)
  return rows[0]
}

export interface NewVersion extends Omit<MasterVersion, 'version'> {
  readonly environment: string
}

/** The version before it unwraps from now on. Of two who do this at once the second waits for the first. */
export async function insertCurrentVersion(tx: Tx, version: NewVersion): Promise<MasterVersion> {
  await lockVersions(tx)
  await tx.query(sql`update vault.master_key_versions set state = 'opening' where state = 'current'`)
  const { rows } = await tx.query<MasterVersion>(sql`
    insert into vault.master_key_versions (version, source, reference, parameters, environment, state)
    select coalesce(max(version), 0) + 1, ${version.source}, ${version.reference}, ${JSON.stringify(version.parameters)}::jsonb,
      ${version.environment}, 'current'
    from vault.master_key_versions
    returning version, source, reference, parameters`)
  if (rows[0] === undefined) throw new Error('an inserted row was not returned')
  return rows[0]
}

/** Versions that wrap nothing any more. */
export async function retireVersions(tx: Tx): Promise<number> {
  const { rowCount } = await tx.query(sql`
    update vault.master_key_versions m set state = 'retired', retired_at = now()
    where m.state = 'opening'
      and not exists (select from vault.user_keys k where k.master_version = m.version)
      and not exists (select from vault.purpose_keys k where k.master_version = m.version)`)
  return rowCount
}

/** Versions in use, newest first, with how many keys each wraps. */
export interface VersionInUse extends MasterVersion {
  readonly environment: string
  readonly state: 'current' | 'opening' | 'retired'
  readonly createdAt: Date
  readonly keys: number
}

export async function listVersions(db: Db): Promise<VersionInUse[]> {
  const { rows } = await db.query<VersionInUse>(sql`
    select m.version, m.source, m.reference, m.parameters, m.environment, m.state, m.created_at as "createdAt",
      ((select count(*) from vault.user_keys k where k.master_version = m.version)
        + (select count(*) from vault.purpose_keys k where k.master_version = m.version))::integer as keys
    from vault.master_key_versions m order by m.version desc`)
  return rows
}
