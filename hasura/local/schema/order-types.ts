import { GraphQLInputObjectType } from 'graphql'
import { type AggregateOperation, type InputConfig, input } from './meaning.ts'
import type { ColumnModel } from './model.ts'
import type { RoleTable } from './role-tables.ts'
import { isNumeric, isOrdered } from './scalars.ts'
import type { TypeScope } from './type-scope.ts'

const NUMERIC_OPERATIONS = [
  'avg',
  'stddev',
  'stddev_pop',
  'stddev_samp',
  'sum',
  'var_pop',
  'var_samp',
  'variance',
] as const

/** Every aggregate operation with the columns it can be taken over; those without a column are left out. */
export function aggregateOperations(
  table: RoleTable,
): readonly (readonly [AggregateOperation, readonly ColumnModel[]])[] {
  const columns = table.select?.columns ?? []
  const numeric = columns.filter(({ column }) => isNumeric(column))
  const ordered = columns.filter(({ column, values }) => isOrdered(column) && values === undefined)
  const all: (readonly [AggregateOperation, readonly ColumnModel[]])[] = [
    ...NUMERIC_OPERATIONS.map((operation) => [operation, numeric] as const),
    ['max', ordered],
    ['min', ordered],
  ]
  return all.filter(([, usable]) => usable.length > 0)
}

/** `x_order_by`; undefined when the role has nothing to order by. */
export function orderByType(scope: TypeScope, table: RoleTable): GraphQLInputObjectType {
  return scope.named(`${table.model.name}_order_by`, (name) => {
    return new GraphQLInputObjectType({ name, fields: () => orderByFields(scope, table) })
  })
}

function orderByFields(scope: TypeScope, table: RoleTable): Record<string, InputConfig> {
  const fields: Record<string, InputConfig> = {}
  for (const { name } of table.select?.columns ?? []) fields[name] = input(scope.orderBy())
  for (const relationship of table.model.relationships.values()) {
    const target = scope.findTarget(relationship)
    if (target === undefined) continue
    if (relationship.kind === 'object') fields[relationship.name] = input(orderByType(scope, target))
    else fields[`${relationship.name}_aggregate`] = input(aggregateOrderBy(scope, target))
  }
  return fields
}

function aggregateOrderBy(scope: TypeScope, table: RoleTable): GraphQLInputObjectType {
  return scope.named(`${table.model.name}_aggregate_order_by`, (name) => {
    const fields: Record<string, InputConfig> = { count: input(scope.orderBy()) }
    for (const [operation, columns] of aggregateOperations(table)) {
      fields[operation] = input(operationOrderBy(scope, `${table.model.name}_${operation}_order_by`, columns))
    }
    return new GraphQLInputObjectType({ name, fields })
  })
}

function operationOrderBy(scope: TypeScope, name: string, columns: readonly ColumnModel[]): GraphQLInputObjectType {
  return scope.named(name, () => {
    const fields = columns.map((column) => [column.name, input(scope.orderBy())] as const)
    return new GraphQLInputObjectType({ name, fields: Object.fromEntries(fields) })
  })
}
