import type {
  BooleanExpression,
  ColumnList,
  RolePermission,
  RootFieldName,
  SelectPermission,
} from '../metadata/types.ts'
import { toColumnValue } from './column-values.ts'
import type { ColumnModel, Model, Problem, TableModel } from './model.ts'
import { readPermissionExpression, sessionVariable } from './permission-expression.ts'
import { ALWAYS, type Operand, type Predicate } from './predicate.ts'

/** What one role may do with one table. A part that is missing is not permitted. */
export interface RoleTable {
  readonly model: TableModel
  readonly select?: SelectRights
  readonly insert?: WriteRights
  readonly update?: WriteRights & { readonly filter: Predicate }
  readonly delete?: { readonly filter: Predicate; readonly backendOnly: boolean }
}

export interface SelectRights {
  readonly columns: readonly ColumnModel[]
  readonly filter: Predicate
  readonly limit: number | undefined
  readonly aggregations: boolean
  mayQuery(field: RootFieldName): boolean
  maySubscribe(field: RootFieldName): boolean
}

export interface WriteRights {
  /** The columns the client may give; presets are not among them. */
  readonly columns: readonly ColumnModel[]
  readonly presets: readonly { readonly column: ColumnModel; readonly value: Operand }[]
  /** Must hold for every row afterwards. */
  readonly check: Predicate | undefined
  readonly backendOnly: boolean
}

export type RoleTables = ReadonlyMap<string, RoleTable>

const everything = () => true

/** Rights of role `admin`: all that the database allows. */
export function adminTables(model: Model): RoleTables {
  return new Map([...model.values()].map((table) => [table.key, adminTable(table)]))
}

function adminTable(model: TableModel): RoleTable {
  const columns = [...model.columns.values()]
  const writable = { columns: columns.filter(isWritable), presets: [], check: undefined, backendOnly: false }
  const { isInsertable, isUpdatable } = model.catalog
  return {
    model,
    select: {
      columns,
      filter: ALWAYS,
      limit: undefined,
      aggregations: true,
      mayQuery: everything,
      maySubscribe: everything,
    },
    ...(isInsertable ? { insert: writable, delete: { filter: ALWAYS, backendOnly: false } } : {}),
    ...(isUpdatable ? { update: { ...writable, filter: ALWAYS } } : {}),
  }
}

/** Reads every permission of one role. A permission that does not fit its table is dropped and reported. */
export function roleTables(role: string, model: Model): { tables: RoleTables; problems: readonly Problem[] } {
  const problems: Problem[] = []
  const tables = new Map<string, RoleTable>()
  for (const table of model.values()) tables.set(table.key, roleTable({ role, model, table, problems }))
  return { tables, problems }
}

interface Reading {
  readonly role: string
  readonly model: Model
  readonly table: TableModel
  readonly problems: Problem[]
}

function roleTable(reading: Reading): RoleTable {
  const { model, table } = reading
  const { metadata, catalog } = table
  const select = read(reading, { operation: 'select', permissions: metadata.select_permissions }, (permission) =>
    selectRights(permission, reading),
  )
  const insert = read(reading, { operation: 'insert', permissions: metadata.insert_permissions }, (permission) => {
    if (!catalog.isInsertable) throw new Error('the table or view is not insertable')
    return writeRights({ columns: '*', ...permission }, reading)
  })
  const update = read(reading, { operation: 'update', permissions: metadata.update_permissions }, (permission) => {
    if (!catalog.isUpdatable) throw new Error('the table or view is not updatable')
    return { ...writeRights(permission, reading), filter: readPermissionExpression(permission.filter, model, table) }
  })
  const remove = read(reading, { operation: 'delete', permissions: metadata.delete_permissions }, (permission) => {
    if (!catalog.isInsertable) throw new Error('rows of the table or view cannot be deleted')
    const filter = readPermissionExpression(permission.filter, model, table)
    return { filter, backendOnly: permission.backend_only ?? false }
  })
  return {
    model: table,
    ...(select === undefined ? {} : { select }),
    ...(insert === undefined ? {} : { insert }),
    ...(update === undefined ? {} : { update }),
    ...(remove === undefined ? {} : { delete: remove }),
  }
}

interface Granted<P> {
  readonly operation: string
  readonly permissions: readonly RolePermission<P>[] | undefined
}

function read<P, R>(reading: Reading, granted: Granted<P>, make: (permission: P) => R): R | undefined {
  const found = granted.permissions?.find(({ role }) => role === reading.role)
  if (found === undefined) return undefined
  try {
    return make(found.permission)
  } catch (error) {
    const { schema, name: table } = reading.table.catalog
    // Tables of one name in two schemas are not one.
    const on = schema === 'public' ? table : `${schema}.${table}`
    const name = `${granted.operation} permission of role ${reading.role} on table ${on}`
    reading.problems.push({ name, reason: error instanceof Error ? error.message : String(error) })
    return undefined
  }
}

function selectRights(permission: SelectPermission, { model, table }: Reading): SelectRights {
  const { query_root_fields: queryFields, subscription_root_fields: subscriptionFields } = permission
  return {
    columns: listColumns(permission.columns, table),
    filter: readPermissionExpression(permission.filter, model, table),
    limit: permission.limit,
    aggregations: permission.allow_aggregations ?? false,
    mayQuery: (field) => queryFields?.some((allowed) => allowed === field) ?? true,
    maySubscribe: (field) => subscriptionFields?.some((allowed) => allowed === field) ?? true,
  }
}

interface WritePermission {
  readonly columns: ColumnList
  readonly check?: BooleanExpression | null
  readonly set?: Readonly<Record<string, unknown>>
  readonly backend_only?: boolean
}

function writeRights(permission: WritePermission, { model, table }: Reading): WriteRights {
  const presets = Object.entries(permission.set ?? {}).map(([name, value]) => {
    const column = getColumn(name, table)
    const session = sessionVariable(value)
    const operand: Operand =
      session === undefined
        ? { kind: 'value', value: toColumnValue(column.column, value) }
        : { kind: 'session', name: session }
    return { column, value: operand }
  })
  const preset = new Set(presets.map(({ column }) => column))
  const { check } = permission
  return {
    columns: listColumns(permission.columns, table).filter((column) => isWritable(column) && !preset.has(column)),
    presets,
    check: check === null || check === undefined ? undefined : readPermissionExpression(check, model, table),
    backendOnly: permission.backend_only ?? false,
  }
}

function isWritable({ column }: ColumnModel): boolean {
  return !column.isGenerated
}

function listColumns(list: ColumnList, table: TableModel): readonly ColumnModel[] {
  if (list === '*') return [...table.columns.values()]
  const named = new Set(list.map((name) => getColumn(name, table)))
  return [...table.columns.values()].filter((column) => named.has(column))
}

function getColumn(name: string, table: TableModel): ColumnModel {
  const column = table.columns.get(name)
  if (column === undefined) throw new Error(`column "${name}" does not exist in table "${table.catalog.name}"`)
  return column
}
