/** What Postgres says about the tables that the metadata tracks. */

export interface Column {
  readonly name: string
  /** Ready for a cast: `character varying`, `integer[]`, `public.citext`. */
  readonly sqlType: string
  /** Short name as in pg_type (`int4`), of the base type for a domain, of the element for an array. */
  readonly typeName: string
  readonly isArray: boolean
  readonly isNullable: boolean
  readonly hasDefault: boolean
  /** Generated columns and `generated always as identity` take no input. */
  readonly isGenerated: boolean
  readonly comment: string | null
}

export interface UniqueConstraint {
  readonly name: string
  readonly columns: readonly string[]
  readonly isPrimary: boolean
}

export interface ForeignKey {
  readonly columns: readonly string[]
  readonly schema: string
  readonly table: string
  readonly foreignColumns: readonly string[]
}

export interface EnumValue {
  readonly value: string
  readonly comment: string | null
}

export interface CatalogTable {
  readonly schema: string
  readonly name: string
  readonly comment: string | null
  readonly columns: readonly Column[]
  readonly uniqueConstraints: readonly UniqueConstraint[]
  readonly foreignKeys: readonly ForeignKey[]
  /** The rows of a table that the metadata calls an enum, or why it cannot be one. */
  readonly enumeration?: readonly EnumValue[] | string
  /** Tables always; views when Postgres can rewrite the statement. */
  readonly isInsertable: boolean
  readonly isUpdatable: boolean
}

/** By `tableKey`. */
export type Catalog = ReadonlyMap<string, CatalogTable>

/** One string per table; quoted so that a dot in a name cannot make two tables equal. */
export function tableKey({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return JSON.stringify([schema, name])
}
