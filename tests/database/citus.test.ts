import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { test } from '../support/database.ts'

const TEXT = readFileSync(join(import.meta.dirname, '../../database/citus/distribute.sql'), 'utf8')
const distributed = [...TEXT.matchAll(/create_distributed_table\('(\w+\.\w+)', '(\w+)'/g)].map(([, table, key]) => ({
  table: table!,
  key: key!,
}))
const reference = [...TEXT.matchAll(/create_reference_table\('(\w+\.\w+)'\)/g)].map(([, table]) => table!)

/** Citus' own rules for a distributed table, asked of the real catalog. */
describe('the distribution by person', () => {
  test.for(distributed)(
    '$table has the person in every key, and refers only to what is beside it',
    async ({ table, key }, { db }) => {
      expect(key).toBe('user_id')
      const { rows: keys } = await db.admin.query<{ columns: string[] }>(
        `select array_agg(a.attname::text) as columns from pg_index i
       join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
       where i.indrelid = $1::regclass and i.indisunique group by i.indexrelid`,
        [table],
      )
      expect(keys.length).toBeGreaterThan(0)
      for (const { columns } of keys) expect(columns).toContain('user_id')
      const { rows: links } = await db.admin.query<{ target: string; columns: string[] }>(
        `select (select n.nspname || '.' || r.relname from pg_class r join pg_namespace n on n.oid = r.relnamespace where r.oid = c.confrelid) as target,
         (select array_agg(a.attname::text) from pg_attribute a where a.attrelid = c.conrelid and a.attnum = any (c.conkey)) as columns
       from pg_constraint c where c.contype = 'f' and c.conparentid = 0 and c.conrelid = $1::regclass`,
        [table],
      )
      for (const { target, columns } of links) {
        if (reference.includes(target)) continue
        expect([table, distributed.map((each) => each.table)]).toEqual([table, expect.arrayContaining([target])])
        expect(columns).toContain('user_id')
      }
    },
  )

  test('copies to every node nothing of a person but who they are', async ({ db }) => {
    const { rows } = await db.admin.query<{ name: string }>(
      "select name from unnest($1::text[]) as name join pg_attribute a on a.attrelid = name::regclass and a.attname = 'user_id'",
      [reference],
    )
    expect(rows).toEqual([{ name: 'public.app_users' }])
  })

  test('leaves nothing on the coordinator that refers to what is distributed', async ({ db }) => {
    const { rows } = await db.admin.query<{ name: string; target: string }>(
      `select f.conrelid::regclass::text as name, f.confrelid::regclass::text as target from pg_constraint f
       join pg_class c on c.oid = f.conrelid where f.contype = 'f' and f.conparentid = 0 and not c.relispartition
       and f.confrelid = any (select t::regclass from unnest($1::text[]) as t) and f.conrelid <> all (select t::regclass from unnest($1::text[]) as t)`,
      [distributed.map(({ table }) => table)],
    )
    expect(rows).toEqual([])
  })

  test('names tables that exist, each once', async ({ db }) => {
    const names = [...distributed.map(({ table }) => table), ...reference]
    expect(new Set(names).size).toBe(names.length)
    const { rows } = await db.admin.query<{ found: boolean }>(
      'select to_regclass(name) is not null as found from unnest($1::text[]) as name',
      [names],
    )
    expect(rows.every(({ found }) => found)).toBe(true)
  })
})
