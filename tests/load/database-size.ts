import pg from 'pg'

export interface DatabaseSize {
  readonly rows: number
  readonly bytes: number
  readonly indexBytes: number
}

/** Rows and bytes, indexes and long values included, of what grows with people's data; partitions are counted with their table. */
export async function measureDatabase(adminUrl: string): Promise<Readonly<Record<string, DatabaseSize>>> {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  try {
    await client.query('analyze')
    const { rows } = await client.query<{ name: string; rows: string; bytes: string; indexes: string }>(`
      select coalesce(parent.relname, t.relname) as name, sum(greatest(t.reltuples, 0))::bigint::text as rows,
             sum(pg_total_relation_size(t.oid))::text as bytes, sum(pg_indexes_size(t.oid))::text as indexes
      from pg_class t join pg_namespace n on n.oid = t.relnamespace
      left join pg_inherits i on i.inhrelid = t.oid left join pg_class parent on parent.oid = i.inhparent
      where t.relkind = 'r' and n.nspname in ('public', 'ops', 'audit', 'vault', 'hdb_catalog', 'graphile_worker')
      group by 1 order by 1`)
    return Object.fromEntries(
      rows.map(({ name, ...size }) => [
        name,
        { rows: Number(size.rows), bytes: Number(size.bytes), indexBytes: Number(size.indexes) },
      ]),
    )
  } finally {
    await client.end()
  }
}
