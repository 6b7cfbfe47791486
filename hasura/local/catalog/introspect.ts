import type pg from 'pg'
import { type Catalog, type CatalogTable, tableKey } from './catalog.ts'

/** One row per tracked relation. Relation kinds as Hasura's: tables, partitioned and foreign ones, both kinds of views. */
const CATALOG_QUERY = `
select n.nspname as "schema", c.relname as "name", obj_description(c.oid, 'pg_class') as "comment",
  c.relkind <> 'm' and pg_relation_is_updatable(c.oid, true) & 8 <> 0 as "isInsertable",
  c.relkind <> 'm' and pg_relation_is_updatable(c.oid, true) & 4 <> 0 as "isUpdatable",
  coalesce(columns.list, '[]') as "columns",
  coalesce(constraints.list, '[]') as "uniqueConstraints",
  coalesce(foreign_keys.list, '[]') as "foreignKeys"
from json_to_recordset($1::json) as wanted("schema" text, "name" text)
join pg_namespace n on n.nspname = wanted."schema"
join pg_class c on c.relnamespace = n.oid and c.relname = wanted."name" and c.relkind in ('r', 't', 'v', 'm', 'f', 'p')
cross join lateral (
  select json_agg(json_build_object(
    'name', a.attname,
    'sqlType', format_type(a.atttypid, -1),
    'typeName', coalesce(element_base.typname, element.typname, base.typname, type.typname),
    'isArray', element.oid is not null,
    'isNullable', not a.attnotnull,
    'hasDefault', a.atthasdef or a.attidentity <> '',
    'isGenerated', a.attgenerated <> '' or a.attidentity = 'a',
    'comment', col_description(c.oid, a.attnum)) order by a.attnum) as list
  from pg_attribute a
  join pg_type type on type.oid = a.atttypid
  left join pg_type base on type.typtype = 'd' and base.oid = type.typbasetype
  left join pg_type element on element.oid = coalesce(base.typelem, type.typelem)
    and coalesce(base.typcategory, type.typcategory) = 'A'
  left join pg_type element_base on element.typtype = 'd' and element_base.oid = element.typbasetype
  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
) as columns
cross join lateral (
  select json_agg(json_build_object(
    'name', k.conname,
    'isPrimary', k.contype = 'p',
    'columns', (
      select json_agg(a.attname order by u.ordinal)
      from unnest(k.conkey) with ordinality as u(number, ordinal)
      join pg_attribute a on a.attrelid = c.oid and a.attnum = u.number)) order by k.conname) as list
  from pg_constraint k
  where k.conrelid = c.oid and k.contype in ('p', 'u')
) as constraints
cross join lateral (
  select json_agg(json_build_object(
    'schema', other_schema.nspname,
    'table', other.relname,
    'columns', (
      select json_agg(a.attname order by u.ordinal)
      from unnest(k.conkey) with ordinality as u(number, ordinal)
      join pg_attribute a on a.attrelid = c.oid and a.attnum = u.number),
    'foreignColumns', (
      select json_agg(a.attname order by u.ordinal)
      from unnest(k.confkey) with ordinality as u(number, ordinal)
      join pg_attribute a on a.attrelid = other.oid and a.attnum = u.number)) order by k.conname) as list
  from pg_constraint k
  join pg_class other on other.oid = k.confrelid
  join pg_namespace other_schema on other_schema.oid = other.relnamespace
  where k.conrelid = c.oid and k.contype = 'f' and k.conparentid = 0
) as foreign_keys`

/** A pool or one connection. */
export interface Queryable {
  query<Row extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<{ rows: Row[] }>
}

/** Reads the relations that exist among `tables`; what does not exist is simply not in the answer. */
export async function introspect(
  connection: Queryable,
  tables: readonly { readonly schema: string; readonly name: string }[],
): Promise<Catalog> {
  const wanted = JSON.stringify(tables.map(({ schema, name }) => ({ schema, name })))
  const { rows } = await connection.query<CatalogTable>(CATALOG_QUERY, [wanted])
  return new Map(rows.map((row) => [tableKey(row), row]))
}
