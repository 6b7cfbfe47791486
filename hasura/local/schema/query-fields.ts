import { type GraphQLFieldConfig, GraphQLNonNull } from 'graphql'
import type { RootFieldName } from '../metadata/types.ts'
import { field, type InputConfig, input } from './meaning.ts'
import type { TableModel } from './model.ts'
import type { RoleTable, SelectRights } from './role-tables.ts'
import { aggregateType, rowsType, rowType, selectArguments } from './row-types.ts'
import { streamArguments } from './stream-types.ts'
import type { TypeScope } from './type-scope.ts'

type Fields = Record<string, GraphQLFieldConfig<unknown, unknown>>

/** The configured name of a root field, or Hasura's default. */
export function rootFieldName(table: TableModel, fieldName: RootFieldName, defaultName: string): string {
  const configured = table.metadata.configuration?.custom_root_fields?.[fieldName]
  return (typeof configured === 'string' ? configured : configured?.name) ?? defaultName
}

/** Root fields that read one table, as `query_root` or `subscription_root` offers them. */
export function readFields(scope: TypeScope, table: RoleTable, root: 'query' | 'subscription'): Fields {
  const { model, select } = table
  if (select === undefined) return {}
  const may = (name: RootFieldName) => (root === 'query' ? select.mayQuery(name) : select.maySubscribe(name))
  const args = selectArguments(scope, table)
  const fields: Fields = {}
  if (may('select')) {
    const description = model.metadata.configuration?.comment ?? model.catalog.comment
    const name = rootFieldName(model, 'select', model.name)
    fields[name] = field(
      rowsType(scope, table),
      { kind: 'read', reading: 'rows', table },
      { args, description: description || undefined },
    )
  }
  if (may('select_aggregate') && select.aggregations) {
    const name = rootFieldName(model, 'select_aggregate', `${model.name}_aggregate`)
    const type = new GraphQLNonNull(aggregateType(scope, table))
    fields[name] = field(type, { kind: 'read', reading: 'aggregate', table }, { args })
  }
  const keyArguments = primaryKeyArguments(scope, table)
  if (may('select_by_pk') && keyArguments !== undefined) {
    const name = rootFieldName(model, 'select_by_pk', `${model.name}_by_pk`)
    fields[name] = field(rowType(scope, table), { kind: 'read', reading: 'row', table }, { args: keyArguments })
  }
  if (root === 'subscription' && may('select_stream')) {
    const name = rootFieldName(model, 'select_stream', `${model.name}_stream`)
    const stream = { kind: 'read', reading: 'stream', table } as const
    fields[name] = field(rowsType(scope, table), stream, { args: streamArguments(scope, table) })
  }
  return fields
}

/** One argument per column of the primary key; undefined unless the role can select all of them. */
export function primaryKeyArguments(scope: TypeScope, table: RoleTable): Record<string, InputConfig> | undefined {
  const { primaryKey } = table.model
  if (primaryKey === undefined || !canSelectAll(table.select, primaryKey)) return undefined
  const args = primaryKey.map((model) => {
    const type = new GraphQLNonNull(scope.columnType(model))
    return [model.name, input(type, { column: model.column })] as const
  })
  return Object.fromEntries(args)
}

function canSelectAll(select: SelectRights | undefined, columns: readonly unknown[]): boolean {
  const selectable = new Set<unknown>(select?.columns)
  return columns.every((column) => selectable.has(column))
}
