import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildSchema, parse as parseGraphql, print, validate } from 'graphql'
import { describe, expect } from 'vitest'
import { parse } from 'yaml'
import { test } from './support/database.ts'

const ROOT = join(import.meta.dirname, '..')
const METADATA = join(ROOT, 'hasura/metadata')
const TABLES = join(METADATA, 'databases/default/tables')

interface Relationship {
  readonly using: {
    readonly foreign_key_constraint_on?: string | string[] | { readonly table: { readonly name: string } }
    readonly manual_configuration?: {
      readonly remote_table: { readonly name: string }
      readonly column_mapping: Readonly<Record<string, string>>
    }
  }
}
interface TrackedTable {
  readonly table: { readonly schema: string; readonly name: string }
  readonly configuration: {
    readonly comment: string
    readonly column_config: Readonly<Record<string, { readonly comment: string }>>
  }
  readonly object_relationships?: readonly Relationship[]
  readonly array_relationships?: readonly Relationship[]
}

const tables: readonly TrackedTable[] = readdirSync(TABLES)
  .filter((file) => file !== 'tables.yaml')
  .map((file) => parse(readFileSync(join(TABLES, file), 'utf8')) as TrackedTable)

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

  // Who may do what is in tests/permissions.

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

  // Hasura 2.51 and later takes descriptions from the metadata alone.
  test.for(tables.map((table) => [table.table.name, table] as const))(
    "describes %s in Postgres' own words",
    async ([name, { configuration }], { db }) => {
      const { rows } = await db.admin.query<{ column: string | null; comment: string }>(
        `select a.attname as column, col_description(a.attrelid, a.attnum) as comment from pg_attribute a
         where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped
         union all select null, obj_description($1::regclass, 'pg_class')`,
        [`public.${name}`],
      )
      const columns = Object.entries(configuration.column_config)
      const described = [
        ...columns.map(([column, { comment }]) => ({ column, comment })),
        { column: null, comment: configuration.comment },
      ]
      expect(Object.fromEntries(described.map(({ column, comment }) => [column ?? '', comment]))).toEqual(
        Object.fromEntries(rows.map(({ column, comment }) => [column ?? '', comment])),
      )
    },
  )

  test('follows every foreign key both ways', async ({ db }) => {
    const { rows } = await db.admin.query<{ source: string; target: string; columns: string[] }>(`
      select k.conrelid::regclass::text as source, k.confrelid::regclass::text as target,
        array(select a.attname::text from pg_attribute a where a.attrelid = k.conrelid and a.attnum = any(k.conkey)) as columns
      from pg_constraint k join pg_class c on c.oid = k.conrelid
      where k.contype = 'f' and c.relnamespace = 'public'::regnamespace and not c.relispartition`)
    const named = (name: string) => tables.find(({ table }) => `public.${table.name}` === name || table.name === name)
    const missing = rows.flatMap(({ source, target, columns }) => [
      ...((named(source)?.object_relationships ?? []).some((one) => goesBy(one, columns))
        ? []
        : [`${source} to ${target}`]),
      ...((named(target)?.array_relationships ?? []).some((many) => reaches(many, source))
        ? []
        : [`${target} to ${source}`]),
    ])
    expect(rows.length).toBeGreaterThan(10)
    expect(missing).toEqual([])
  })

  test('allows the operations that the product ships, as they are', () => {
    const collections = parse(readFileSync(join(METADATA, 'query_collections.yaml'), 'utf8')) as {
      readonly name: string
      readonly definition: { readonly queries: readonly { readonly name: string; readonly query: string }[] }
    }[]
    expect(parse(readFileSync(join(METADATA, 'allow_list.yaml'), 'utf8'))).toEqual([
      { collection: 'product', scope: { global: true } },
      { collection: 'operators', scope: { global: true } },
    ])
    const listed = new Map(collections[0]?.definition.queries.map(({ name, query }) => [name, plain(query)]))
    const page = readFileSync(join(ROOT, 'service/web/assets/queries.js'), 'utf8').matchAll(/= `(\w+ (\w+)[^`]*)`/g)
    const cli = readFileSync(join(ROOT, 'service/cli/status.ts'), 'utf8').matchAll(/graphql\(`\s*(\w+ (\w+)[^`]*)`\)/g)
    const shipped = [...page, ...cli].map(([, query = '', name = '']) => [name, plain(query)] as const)
    expect(shipped.map(([name]) => name)).toHaveLength(11)
    for (const [name, query] of shipped) expect([name, listed.get(name)]).toEqual([name, query])
    const schema = buildSchema(readFileSync(join(ROOT, 'hasura/schema.graphql'), 'utf8'))
    for (const query of listed.values()) expect(validate(schema, parseGraphql(query))).toEqual([])
    for (const action of Object.keys(schema.getMutationType()?.getFields() ?? {}).filter((name) => !name.includes('_')))
      expect([...listed.values()].join(' ')).toMatch(new RegExp(`\\b${action}[( ]`))
  })
})

function goesBy({ using }: Relationship, columns: readonly string[]): boolean {
  const key = using.foreign_key_constraint_on
  const own = typeof key === 'string' ? [key] : (key ?? Object.keys(using.manual_configuration?.column_mapping ?? {}))
  return Array.isArray(own) && own.toSorted().join() === columns.toSorted().join()
}

function reaches({ using }: Relationship, table: string): boolean {
  const key = using.foreign_key_constraint_on
  const remote = typeof key === 'object' && 'table' in key ? key.table : using.manual_configuration?.remote_table
  return remote !== undefined && [remote.name, `public.${remote.name}`].includes(table)
}

function plain(query: string): string {
  return print(parseGraphql(query))
}
