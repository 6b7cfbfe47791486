import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { test } from '../support/database.ts'

const TEXT = readFileSync(join(import.meta.dirname, '../../database/citus/distribute.sql'), 'utf8')
const distributed = [...TEXT.matchAll(/create_distributed_table\('public\.(\w+)', '(\w+)'/g)].map(([, table, key]) => ({
  table: table!,
  key: key!,
}))
const reference = [...TEXT.matchAll(/create_reference_table\('public\.(\w+)'\)/g)].map(([, table]) => table!)

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
        [`public.${table}`],
      )
      expect(keys.length).toBeGreaterThan(0)
      for (const { columns } of keys) expect(columns).toContain('user_id')
      const { rows: links } = await db.admin.query<{ target: string; columns: string[] }>(
        `select c.confrelid::regclass::text as target,
         (select array_agg(a.attname::text) from pg_attribute a where a.attrelid = c.conrelid and a.attnum = any (c.conkey)) as columns
       from pg_constraint c where c.contype = 'f' and c.conrelid = $1::regclass`,
        [`public.${table}`],
      )
      for (const { target, columns } of links) {
        if (reference.includes(target)) continue
        expect([table, distributed.map((each) => each.table)]).toEqual([table, expect.arrayContaining([target])])
        expect(columns).toContain('user_id')
      }
    },
  )

  test('names tables that exist, each once', async ({ db }) => {
    const names = [...distributed.map(({ table }) => table), ...reference]
    expect(new Set(names).size).toBe(names.length)
    const { rows } = await db.admin.query<{ found: boolean }>(
      "select to_regclass('public.' || name) is not null as found from unnest($1::text[]) as name",
      [names],
    )
    expect(rows.every(({ found }) => found)).toBe(true)
  })
})
