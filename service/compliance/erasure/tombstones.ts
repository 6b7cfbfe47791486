import type { Db, Tx } from '../../runtime/db.ts'
import { preparedSql, sql } from '../../runtime/sql.ts'
import type { BackupKey } from '../../vault/backup/backup-key.ts'

export interface Account {
  readonly platform: string
  readonly platformUserId: string
}

/** Whether a person was erased, or is being erased; a refusal because of it is counted. */
export async function refusePerson(db: Db, userId: string): Promise<boolean> {
  const { rowCount } = await db.query(preparedSql`
    update ops.erasure_tombstones set refused = refused + 1, last_refused_at = clock_timestamp()
    where digest = ops.person_digest(${userId}::uuid)`)
  return rowCount > 0
}

/** The same for an account at a platform, of which something is told though nobody has it connected. False without BACKUP_KEY. */
export async function refuseAccount(db: Db, key: BackupKey | undefined, account: Account): Promise<boolean> {
  if (key === undefined) return false
  const { rowCount } = await db.query(sql`
    update ops.erasure_tombstones set refused = refused + 1, last_refused_at = clock_timestamp()
    where digest = ${accountDigest(key, account)}::bytea`)
  return rowCount > 0
}

/** Numbers of accounts are small and could be tried out: they are named under a key. */
export function accountDigest(key: BackupKey, { platform, platformUserId }: Account): Buffer {
  return key.nameOf(`account:${platform}:${platformUserId}`)
}

export async function insertTombstones(
  tx: Tx,
  { erasureId, userId, accounts }: { erasureId: string; userId: string; accounts: readonly Buffer[] },
): Promise<void> {
  await tx.query(sql`
    insert into ops.erasure_tombstones (digest, kind, erasure_id)
    select ops.person_digest(${userId}::uuid), 'person', ${erasureId}::uuid
    union all select digest, 'account', ${erasureId}::uuid from unnest(${accounts}::bytea[]) as digest
    on conflict (digest) do nothing`)
}

export interface RefusedCount {
  readonly people: number
  readonly accounts: number
  readonly refused: number
}

export async function countTombstones(db: Db): Promise<RefusedCount> {
  const { rows } = await db.query<RefusedCount>(sql`
    select count(*) filter (where kind = 'person')::integer as people, count(*) filter (where kind = 'account')::integer as accounts,
      coalesce(sum(refused), 0)::integer as refused from ops.erasure_tombstones`)
  return rows[0] ?? { people: 0, accounts: 0, refused: 0 }
}
