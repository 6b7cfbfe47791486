import {
  GraphQLBoolean,
  type GraphQLFieldConfig,
  GraphQLFloat,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLOutputType,
  GraphQLString,
} from 'graphql'
import { boolExp, listOf, selectColumn } from './condition-types.ts'
import { type AggregateOperation, field, type InputConfig, input } from './meaning.ts'
import type { ColumnModel } from './model.ts'
import { aggregateOperations, orderByType } from './order-types.ts'
import type { RoleTable } from './role-tables.ts'
import { isJson } from './scalars.ts'
import type { TypeScope } from './type-scope.ts'

type Fields = Record<string, GraphQLFieldConfig<unknown, unknown>>

/** The object type of a table's rows: selectable columns, and relationships to where the role may select. */
export function rowType(scope: TypeScope, table: RoleTable): GraphQLObjectType {
  const { name, metadata, catalog } = table.model
  const description = metadata.configuration?.comment ?? catalog.comment
  return scope.named(name, () => {
    return new GraphQLObjectType({
      name,
      fields: () => rowFields(scope, table),
      ...(description ? { description } : {}),
    })
  })
}

function rowFields(scope: TypeScope, table: RoleTable): Fields {
  const fields: Fields = {}
  for (const column of table.select?.columns ?? []) fields[column.name] = columnField(scope, column)
  for (const relationship of table.model.relationships.values()) {
    const target = scope.findTarget(relationship)
    if (target === undefined) continue
    const { description } = relationship
    const to = { kind: 'related', relationship, target } as const
    if (relationship.kind === 'object') {
      const type = rowType(scope, target)
      const shown = relationship.isNullable ? type : new GraphQLNonNull(type)
      fields[relationship.name] = field(shown, { ...to, reading: 'row' }, { description })
      continue
    }
    const args = selectArguments(scope, target)
    fields[relationship.name] = field(rowsType(scope, target), { ...to, reading: 'rows' }, { args, description })
    if (target.select?.aggregations !== true) continue
    const type = new GraphQLNonNull(aggregateType(scope, target))
    fields[`${relationship.name}_aggregate`] = field(type, { ...to, reading: 'aggregate' }, { args, description })
  }
  return fields
}

function columnField(scope: TypeScope, model: ColumnModel): GraphQLFieldConfig<unknown, unknown> {
  const { column, description } = model
  const args: Record<string, InputConfig> = isJson(column) ? { path: input(GraphQLString) } : {}
  return field(columnType(scope, model), { kind: 'column', column: model }, { args, description })
}

function columnType(scope: TypeScope, model: ColumnModel): GraphQLOutputType {
  const { column } = model
  const single = scope.columnType(model)
  const type = column.isArray ? new GraphQLList(new GraphQLNonNull(single)) : single
  return column.isNullable ? type : new GraphQLNonNull(type)
}

/** `[x!]!` */
export function rowsType(scope: TypeScope, table: RoleTable): GraphQLOutputType {
  return new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(rowType(scope, table))))
}

/** Arguments of every list of rows. */
export function selectArguments(scope: TypeScope, table: RoleTable): Record<string, InputConfig> {
  return {
    distinct_on: input(listOf(selectColumn(scope, table))),
    limit: input(GraphQLInt, { integer: 'non-negative 32-bit' }),
    offset: input(GraphQLInt, { integer: '64-bit' }),
    order_by: input(listOf(orderByType(scope, table))),
    where: input(boolExp(scope, table)),
  }
}

export function aggregateType(scope: TypeScope, table: RoleTable): GraphQLObjectType {
  return scope.named(`${table.model.name}_aggregate`, (name) => {
    const fields = () => ({
      aggregate: field(aggregateFieldsType(scope, table), { kind: 'aggregateFields' }),
      nodes: field(rowsType(scope, table), { kind: 'nodes' }),
    })
    return new GraphQLObjectType({ name, fields })
  })
}

function aggregateFieldsType(scope: TypeScope, table: RoleTable): GraphQLObjectType {
  return scope.named(`${table.model.name}_aggregate_fields`, (name) => {
    const columns = input(listOf(selectColumn(scope, table)))
    const hasColumns = (table.select?.columns.length ?? 0) > 0
    const args = { ...(hasColumns ? { columns } : {}), distinct: input(GraphQLBoolean) }
    const fields: Fields = { count: field(new GraphQLNonNull(GraphQLInt), { kind: 'count' }, { args }) }
    for (const [operation, usable] of aggregateOperations(table)) {
      const type = operationType(scope, { table, operation, columns: usable })
      fields[operation] = field(type, { kind: 'operation', operation })
    }
    return new GraphQLObjectType({ name, fields })
  })
}

interface OperationType {
  readonly table: RoleTable
  readonly operation: AggregateOperation
  readonly columns: readonly ColumnModel[]
}

function operationType(scope: TypeScope, { table, operation, columns }: OperationType): GraphQLObjectType {
  const keepsType = operation === 'sum' || operation === 'max' || operation === 'min'
  return scope.named(`${table.model.name}_${operation}_fields`, (name) => {
    const fields = columns.map((column) => {
      const type = keepsType ? scope.columnType(column) : GraphQLFloat
      return [column.name, field(type, { kind: 'column', column })] as const
    })
    return new GraphQLObjectType({ name, fields: Object.fromEntries(fields) })
  })
}
