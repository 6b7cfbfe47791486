import type { CatalogTable, Column, EnumValue } from '../catalog/catalog.ts'
import type { Table } from '../metadata/types.ts'

/** Metadata and catalog joined: what could be exposed, before any role is asked about. */

export interface ColumnModel {
  /** The GraphQL name; `column.name` is the one in Postgres. */
  readonly name: string
  readonly column: Column
  /** The GraphQL scalar of the column, or of its elements when it is an array. */
  readonly scalar: string
  /** The answer gives a string where JSON has a number. */
  readonly shownAsText: boolean
  readonly description: string | undefined
  /** The values of the enum that `scalar` names then, of a column that refers to an enum table. */
  readonly values?: readonly EnumValue[]
}

export interface RelationshipModel {
  readonly name: string
  readonly kind: 'object' | 'array'
  /** `tableKey` of the other table. */
  readonly target: string
  /** Own column → column of the other table. */
  readonly mapping: readonly (readonly [string, string])[]
  readonly isNullable: boolean
  readonly description: string | undefined
}

export interface TableModel {
  readonly key: string
  /** Base of all GraphQL names. */
  readonly name: string
  readonly catalog: CatalogTable
  readonly metadata: Table
  /** By Postgres name, in the order of the table. */
  readonly columns: ReadonlyMap<string, ColumnModel>
  readonly relationships: ReadonlyMap<string, RelationshipModel>
  readonly primaryKey: readonly ColumnModel[] | undefined
}

export type Model = ReadonlyMap<string, TableModel>

export interface Problem {
  readonly reason: string
  readonly name: string
}

/** The Postgres name behind a GraphQL field name. */
export function findColumnByField(table: TableModel, field: string): ColumnModel | undefined {
  for (const column of table.columns.values()) if (column.name === field) return column
  return undefined
}
