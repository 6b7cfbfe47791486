import { GraphQLInputObjectType, GraphQLInt, GraphQLList, GraphQLNonNull } from 'graphql'
import { boolExp } from './condition-types.ts'
import { type InputConfig, input } from './meaning.ts'
import type { RoleTable } from './role-tables.ts'
import type { TypeScope } from './type-scope.ts'

/** Arguments of `x_stream`. */
export function streamArguments(scope: TypeScope, table: RoleTable): Record<string, InputConfig> {
  return {
    batch_size: input(new GraphQLNonNull(GraphQLInt), { integer: 'non-negative 32-bit' }),
    cursor: input(new GraphQLNonNull(new GraphQLList(cursorInput(scope, table)))),
    where: input(boolExp(scope, table)),
  }
}

function cursorInput(scope: TypeScope, table: RoleTable): GraphQLInputObjectType {
  return scope.named(`${table.model.name}_stream_cursor_input`, (name) => {
    const fields = () => ({
      initial_value: input(new GraphQLNonNull(cursorValue(scope, table))),
      ordering: input(scope.enumeration('cursor_ordering', ['ASC', 'DESC'])),
    })
    return new GraphQLInputObjectType({ name, fields })
  })
}

function cursorValue(scope: TypeScope, table: RoleTable): GraphQLInputObjectType {
  return scope.named(`${table.model.name}_stream_cursor_value_input`, (name) => {
    const columns = table.select?.columns ?? []
    const fields = columns.map(
      (model) => [model.name, input(scope.columnType(model), { column: model.column })] as const,
    )
    return new GraphQLInputObjectType({ name, fields: Object.fromEntries(fields) })
  })
}
