import { type Catalog, type CatalogTable, type ForeignKey, tableKey } from '../catalog/catalog.ts'
import type { Relationship, TableName } from '../metadata/types.ts'
import type { RelationshipModel } from './model.ts'

interface Question {
  readonly kind: 'object' | 'array'
  readonly relationship: Relationship
  readonly table: CatalogTable
  readonly catalog: Catalog
}

type Mapping = readonly (readonly [string, string])[]

/** The relationship with its columns, or the reason why there is none. */
export function resolveRelationship({ kind, relationship, table, catalog }: Question): RelationshipModel | string {
  const { foreign_key_constraint_on: on, manual_configuration: manual } = relationship.using
  const common = { name: relationship.name, kind, description: relationship.comment || undefined }
  if (manual !== undefined) {
    return manualRelationship(common, { ...manual, table, catalog })
  }
  if (on === undefined) return 'neither foreign_key_constraint_on nor manual_configuration is given'
  if (typeof on === 'string' || isColumnList(on)) {
    const columns = typeof on === 'string' ? [on] : on
    return ownForeignKey(common, { table, columns, catalog })
  }
  const columns = on.columns ?? (on.column === undefined ? [] : [on.column])
  return reverseForeignKey(common, { table, remote: on.table, columns, catalog })
}

type Common = Pick<RelationshipModel, 'name' | 'kind' | 'description'>

interface Manual {
  readonly table: CatalogTable
  readonly catalog: Catalog
  readonly remote_table: TableName
  readonly column_mapping: Readonly<Record<string, string>>
}

function manualRelationship(common: Common, { table, catalog, ...manual }: Manual): RelationshipModel | string {
  const remote = catalog.get(tableKey(manual.remote_table))
  if (remote === undefined) return `table "${manual.remote_table.name}" is not tracked`
  const mapping = Object.entries(manual.column_mapping)
  const missing = mapping.find(([own, other]) => !hasColumn(table, own) || !hasColumn(remote, other))
  if (missing !== undefined) return `column mapping ${missing.join(': ')} names a column that does not exist`
  return { ...common, target: tableKey(remote), mapping, isNullable: true }
}

interface OwnKey {
  readonly table: CatalogTable
  readonly columns: readonly string[]
  readonly catalog: Catalog
}

function ownForeignKey(common: Common, { table, columns, catalog }: OwnKey): RelationshipModel | string {
  const key = table.foreignKeys.find((candidate) => sameColumns(candidate.columns, columns))
  if (key === undefined) return 'no foreign constraint exists on the given column(s)'
  const target = tableKey({ schema: key.schema, name: key.table })
  if (!catalog.has(target)) return `table "${key.table}" is not tracked`
  const isNullable = columns.some((name) => table.columns.find((column) => column.name === name)?.isNullable !== false)
  return { ...common, target, mapping: zip(key.columns, key.foreignColumns), isNullable }
}

interface ReverseKey {
  readonly table: CatalogTable
  readonly remote: TableName
  readonly columns: readonly string[]
  readonly catalog: Catalog
}

function reverseForeignKey(
  common: Common,
  { table, remote, columns, catalog }: ReverseKey,
): RelationshipModel | string {
  const target = catalog.get(tableKey(remote))
  if (target === undefined) return `table "${remote.name}" is not tracked`
  const pointsHere = (key: ForeignKey) => key.schema === table.schema && key.table === table.name
  const key = target.foreignKeys.find((candidate) => sameColumns(candidate.columns, columns) && pointsHere(candidate))
  if (key === undefined) return 'no foreign constraint exists on the given column(s)'
  return { ...common, target: tableKey(target), mapping: zip(key.foreignColumns, key.columns), isNullable: true }
}

function isColumnList(value: unknown): value is readonly string[] {
  return Array.isArray(value)
}

function hasColumn(table: CatalogTable, name: string): boolean {
  return table.columns.some((column) => column.name === name)
}

function sameColumns(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name) => right.includes(name))
}

function zip(left: readonly string[], right: readonly string[]): Mapping {
  return left.flatMap((name, index) => {
    const other = right[index]
    return other === undefined ? [] : [[name, other] as const]
  })
}
