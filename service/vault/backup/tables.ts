import type { Db } from '../../runtime/db.ts'
import { sql } from '../../runtime/sql.ts'

export interface BackupTable {
  /** With its schema, for example `vault.tokens`. */
  readonly name: string
  /** All but generated ones, in the order of the table. */
  readonly columns: readonly string[]
}

/** What tokens refer to, and then all of the vault, in an order in which foreign keys hold. Attempts to connect live ten minutes: left out. */
export async function findBackupTables(db: Db): Promise<readonly BackupTable[]> {
  const { rows } = await db.query<{ name: string; columns: string[]; needs: string[] }>(sql`
    select n.nspname || '.' || c.relname as name,
      (select array_agg(a.attname::text order by a.attnum) from pg_attribute a
       where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns,
      coalesce((select array_agg(distinct rn.nspname || '.' || r.relname) from pg_constraint f
       join pg_class r on r.oid = f.confrelid join pg_namespace rn on rn.oid = r.relnamespace
       where f.conrelid = c.oid and f.contype = 'f' and f.confrelid <> c.oid), '{}') as needs
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and ((n.nspname = 'public' and c.relname in ('platforms', 'app_users', 'connections'))
      or (n.nspname = 'vault' and c.relname <> 'oauth_states'))
    order by 1`)
  const sorted: BackupTable[] = []
  const names = new Set(rows.map(({ name }) => name))
  let rest = rows
  while (rest.length > 0) {
    const done = new Set(sorted.map(({ name }) => name))
    const ready = rest.filter(({ needs }) => needs.every((name) => done.has(name) || !names.has(name)))
    if (ready.length === 0) throw new Error('foreign keys of the vault form a circle')
    sorted.push(...ready.map(({ name, columns }) => ({ name, columns })))
    rest = rest.filter((table) => !ready.includes(table))
  }
  return sorted
}
