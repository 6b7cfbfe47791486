import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { parse } from 'yaml'
import { test } from './support/database.ts'

const METADATA = join(import.meta.dirname, '../hasura/metadata')
const TABLES = join(METADATA, 'databases/default/tables')

interface SelectPermission {
  readonly role: string
  readonly permission: { readonly columns: unknown; readonly filter: object; readonly limit?: number }
}
interface TrackedTable {
  readonly table: { readonly schema: string; readonly name: string }
  readonly select_permissions?: readonly SelectPermission[]
  readonly update_permissions?: readonly { readonly permission: { readonly filter: object; readonly check: unknown } }[]
}

const tables: readonly TrackedTable[] = readdirSync(TABLES)
  .filter((file) => file !== 'tables.yaml')
  .map((file) => parse(readFileSync(join(TABLES, file), 'utf8')) as TrackedTable)

/** Reference data without a person in it; every other table is limited to its owner's rows. */
const FOR_EVERYBODY = [
  'connection_statuses',
  'metric_kinds',
  'platforms',
  'sports',
  'sync_run_kinds',
  'sync_run_statuses',
  'sync_strategies',
]
const FOR_NOBODY = ['raw_fitness_data']
const OWN_ROWS = { user_id: { _eq: 'X-Hasura-User-Id' } }

describe('the metadata', () => {
  test('lists every table file once, in order', () => {
    const list = parse(readFileSync(join(TABLES, 'tables.yaml'), 'utf8')) as string[]
    const files = readdirSync(TABLES).filter((file) => file !== 'tables.yaml')
    expect(list).toEqual(files.toSorted().map((file) => `!include ${file}`))
  })

  test('tracks every table of schema public and nothing else', async ({ db }) => {
    const { rows } = await db.admin.query<{ name: string }>(`
      select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm')
        and not relispartition order by 1`)
    expect(tables.map(({ table }) => `${table.schema}.${table.name}`).toSorted()).toEqual(
      rows.map(({ name }) => `public.${name}`),
    )
  })

  test.for(tables.map((table) => [table.table.name, table] as const))(
    'lets role user see only their own %s',
    ([name, table]) => {
      const permissions = table.select_permissions ?? []
      expect(permissions.map(({ role }) => role)).toEqual(FOR_NOBODY.includes(name) ? [] : ['user'])
      for (const { permission } of permissions) {
        expect(permission.filter).toEqual(FOR_EVERYBODY.includes(name) ? {} : OWN_ROWS)
        expect(permission.columns).toBeInstanceOf(Array)
        expect(permission.limit).toBeGreaterThan(0)
      }
      for (const { permission } of table.update_permissions ?? [])
        expect(permission).toMatchObject({ filter: OWN_ROWS, check: OWN_ROWS })
    },
  )

  test.for([
    ['connections', 'platform_user_id'],
    ['sync_runs', 'next_cursor'],
  ] as const)('keeps %s.%s to ourselves', ([name, column]) => {
    const table = tables.find((candidate) => candidate.table.name === name)
    expect(table?.select_permissions?.[0]?.permission.columns).not.toContain(column)
  })

  test("gives Hasura's role no way into vault, audit or ops", async ({ db }) => {
    const { rows } = await db.admin.query(`
      select nspname from pg_namespace where nspname in ('vault', 'audit', 'ops', 'graphile_worker')
        and has_schema_privilege('tributary_hasura', oid, 'usage')`)
    expect(rows).toEqual([])
  })

  test('every exposed table and column has a comment', async ({ db }) => {
    const { rows } = await db.admin.query(`
      select format('%s.%s', c.relname, coalesce(a.attname, '(table)')) as missing
      from pg_class c left join lateral (
        select attname, attnum from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped
        union all select null, 0
      ) a on true
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
        and obj_description(c.oid, 'pg_class') is null or (a.attnum > 0 and c.relnamespace = 'public'::regnamespace
        and c.relkind in ('r', 'p') and not c.relispartition and col_description(c.oid, a.attnum) is null)`)
    expect(rows).toEqual([])
  })
})
