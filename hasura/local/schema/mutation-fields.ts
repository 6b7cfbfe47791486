import { type GraphQLFieldConfig, GraphQLNonNull, type GraphQLOutputType } from 'graphql'
import type { RootFieldName } from '../metadata/types.ts'
import { boolExp, listOf } from './condition-types.ts'
import { field, type InputConfig, input, type Writing } from './meaning.ts'
import { primaryKeyArguments, rootFieldName } from './query-fields.ts'
import type { RoleTable } from './role-tables.ts'
import { rowType } from './row-types.ts'
import type { TypeScope } from './type-scope.ts'
import {
  insertInput,
  keyColumnsInput,
  mutationResponse,
  mutationResponses,
  onConflict,
  updateOperators,
  updatesInput,
} from './write-types.ts'

type Fields = Record<string, GraphQLFieldConfig<unknown, unknown>>
type Inputs = Record<string, InputConfig>

interface Offer {
  readonly rootField: RootFieldName
  readonly defaultName: string
  readonly writing: Writing
  readonly type: GraphQLOutputType
  readonly args: Inputs
}

/** Root fields that change one table. */
export function writeFields(scope: TypeScope, table: RoleTable): Fields {
  const offers = [...insertOffers(scope, table), ...updateOffers(scope, table), ...deleteOffers(scope, table)]
  const fields = offers.map(({ rootField, defaultName, writing, type, args }) => {
    const name = rootFieldName(table.model, rootField, defaultName)
    return [name, field(type, { kind: 'write', writing, table }, { args })] as const
  })
  return Object.fromEntries(fields)
}

function insertOffers(scope: TypeScope, table: RoleTable): Offer[] {
  if (table.insert === undefined) return []
  const { name } = table.model
  const object = new GraphQLNonNull(insertInput(scope, table))
  const conflict = onConflict(scope, table)
  const conflictArgument: Inputs = conflict === undefined ? {} : { on_conflict: input(conflict) }
  const many: Offer = {
    rootField: 'insert',
    defaultName: `insert_${name}`,
    writing: 'insert',
    type: mutationResponse(scope, table),
    args: { objects: input(new GraphQLNonNull(listOf(insertInput(scope, table)))), ...conflictArgument },
  }
  if (table.select === undefined) return [many]
  const one: Offer = {
    rootField: 'insert_one',
    defaultName: `insert_${name}_one`,
    writing: 'insertOne',
    type: rowType(scope, table),
    args: { object: input(object), ...conflictArgument },
  }
  return [many, one]
}

function updateOffers(scope: TypeScope, table: RoleTable): Offer[] {
  if (table.update === undefined) return []
  const { name } = table.model
  const operators = updateOperators(scope, table)
  if (Object.keys(operators).length === 0 && table.update.presets.length === 0) return []
  const where = input(new GraphQLNonNull(boolExp(scope, table)))
  const updates = input(new GraphQLNonNull(listOf(updatesInput(scope, table))))
  const offers: Offer[] = [
    {
      rootField: 'update',
      defaultName: `update_${name}`,
      writing: 'update',
      type: mutationResponse(scope, table),
      args: { ...operators, where },
    },
    {
      rootField: 'update_many',
      defaultName: `update_${name}_many`,
      writing: 'updateMany',
      type: mutationResponses(scope, table),
      args: { updates },
    },
  ]
  const key = keyColumnsInput(scope, table)
  if (key === undefined) return offers
  const args = { ...operators, pk_columns: input(new GraphQLNonNull(key)) }
  const byKey: Offer = {
    rootField: 'update_by_pk',
    defaultName: `update_${name}_by_pk`,
    writing: 'updateByKey',
    type: rowType(scope, table),
    args,
  }
  return [...offers, byKey]
}

function deleteOffers(scope: TypeScope, table: RoleTable): Offer[] {
  if (table.delete === undefined) return []
  const { name } = table.model
  const where = input(new GraphQLNonNull(boolExp(scope, table)))
  const many: Offer = {
    rootField: 'delete',
    defaultName: `delete_${name}`,
    writing: 'delete',
    type: mutationResponse(scope, table),
    args: { where },
  }
  const args = primaryKeyArguments(scope, table)
  if (args === undefined) return [many]
  return [
    many,
    {
      rootField: 'delete_by_pk',
      defaultName: `delete_${name}_by_pk`,
      writing: 'deleteByKey',
      type: rowType(scope, table),
      args,
    },
  ]
}
