import pg from 'pg'
import type { Table } from '../metadata/types.ts'
import { type Catalog, type CatalogTable, type EnumValue, tableKey } from './catalog.ts'
import { introspect, type Queryable } from './introspect.ts'

/** What Postgres says about the tables, with the rows of those that are enums. */
export async function readCatalog(connection: Queryable, tables: readonly Table[]): Promise<Catalog> {
  const names = tables.map(({ table }) => table)
  const catalog = new Map(await introspect(connection, names))
  for (const { table, is_enum: isEnum } of tables) {
    const found = catalog.get(tableKey(table))
    if (isEnum !== true || found === undefined) continue
    catalog.set(tableKey(table), { ...found, enumeration: await readEnumeration(connection, found) })
  }
  return catalog
}

/** The values, or why the table cannot be an enum. */
async function readEnumeration(connection: Queryable, table: CatalogTable): Promise<readonly EnumValue[] | string> {
  const primary = table.uniqueConstraints.find(({ isPrimary }) => isPrimary)
  if (primary === undefined) return 'the table must have a primary key'
  const [key, second] = primary.columns
  if (key === undefined || second !== undefined) return 'the primary key of an enum table must be one column'
  if (table.columns.some(({ typeName, isArray }) => typeName !== 'text' || isArray) || table.columns.length > 2)
    return 'an enum table must have a text column and at most one more, for comments'
  const comment = table.columns.find(({ name }) => name !== key)
  const quote = pg.escapeIdentifier
  const { rows } = await connection.query<{ value: string; comment: string | null }>(
    `select ${quote(key)} as value, ${comment === undefined ? 'null' : quote(comment.name)} as comment
     from ${quote(table.schema)}.${quote(table.name)} order by 1`,
    [],
  )
  if (rows.length === 0) return 'the table must have at least one row'
  const odd = rows.find(({ value }) => !/^[_A-Za-z][_0-9A-Za-z]*$/.test(value))
  if (odd !== undefined) return `the value "${odd.value}" is no name in GraphQL`
  return rows
}
