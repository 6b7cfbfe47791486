import {
  GraphQLInputObjectType,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLString,
} from 'graphql'
import { boolExp, listOf } from './condition-types.ts'
import { field, type InputConfig, input } from './meaning.ts'
import type { ColumnModel } from './model.ts'
import { primaryKeyArguments } from './query-fields.ts'
import type { RoleTable } from './role-tables.ts'
import { rowsType } from './row-types.ts'
import { isJsonb, isNumeric } from './scalars.ts'
import type { TypeScope } from './type-scope.ts'

type Inputs = Record<string, InputConfig>

const TEXT = { typeName: 'text', isArray: false }
const INTEGER = { typeName: 'int4', isArray: false }

/** `x_insert_input`: the permitted columns without presets; may be empty. */
export function insertInput(scope: TypeScope, table: RoleTable): GraphQLInputObjectType {
  const { name, relationships } = table.model
  const type = columnsInput(scope, `${name}_insert_input`, table.insert?.columns ?? [])
  type.extensions = {
    ...type.extensions,
    notImplemented: new Map([...relationships.keys()].map((key) => [key, 'nested inserts'])),
  }
  return type
}

function columnsInput(scope: TypeScope, name: string, columns: readonly ColumnModel[]): GraphQLInputObjectType {
  return scope.named(name, () => {
    const fields = columns.map((column) => [column.name, columnInput(scope, column)] as const)
    return new GraphQLInputObjectType({ name, fields: Object.fromEntries(fields) })
  })
}

function columnInput(scope: TypeScope, model: ColumnModel): InputConfig {
  const { column, description } = model
  const single = scope.columnType(model)
  const type = column.isArray ? listOf(single) : single
  return input(type, { column, refusesNull: !column.isNullable }, description)
}

/** `x_on_conflict`; undefined when the table has nothing to be in conflict with. */
export function onConflict(scope: TypeScope, table: RoleTable): GraphQLInputObjectType | undefined {
  const { name: base, catalog } = table.model
  if (catalog.uniqueConstraints.length === 0) return undefined
  return scope.named(`${base}_on_conflict`, (name) => {
    const constraint = scope.enumeration(
      `${base}_constraint`,
      catalog.uniqueConstraints.map((one) => one.name),
    )
    const column = scope.enumeration(`${base}_update_column`, table.update?.columns.map((one) => one.name) ?? [])
    const fields = () => ({
      constraint: input(new GraphQLNonNull(constraint)),
      update_columns: { ...input(new GraphQLNonNull(listOf(column))), defaultValue: [] },
      where: input(boolExp(scope, table)),
    })
    return new GraphQLInputObjectType({ name, fields })
  })
}

/** The operators that say what an update does; one without a usable column is left out. */
export function updateOperators(scope: TypeScope, table: RoleTable): Inputs {
  const columns = table.update?.columns ?? []
  const jsonb = columns.filter(({ column }) => isJsonb(column))
  const numeric = columns.filter(({ column }) => isNumeric(column))
  const { name } = table.model
  const fields: Inputs = {}
  const add = (operator: string, type: GraphQLInputObjectType, usable: readonly ColumnModel[]) => {
    if (usable.length > 0) fields[operator] = input(type)
  }
  const paths = listOf(GraphQLString)
  add('_append', columnsInput(scope, `${name}_append_input`, jsonb), jsonb)
  add(
    '_delete_at_path',
    uniformInput(scope, `${name}_delete_at_path_input`, { columns: jsonb, value: input(paths, { column: TEXT }) }),
    jsonb,
  )
  add(
    '_delete_elem',
    uniformInput(scope, `${name}_delete_elem_input`, { columns: jsonb, value: input(GraphQLInt, { column: INTEGER }) }),
    jsonb,
  )
  add(
    '_delete_key',
    uniformInput(scope, `${name}_delete_key_input`, { columns: jsonb, value: input(GraphQLString, { column: TEXT }) }),
    jsonb,
  )
  add('_inc', columnsInput(scope, `${name}_inc_input`, numeric), numeric)
  add('_prepend', columnsInput(scope, `${name}_prepend_input`, jsonb), jsonb)
  add('_set', columnsInput(scope, `${name}_set_input`, columns), columns)
  return fields
}

interface Uniform {
  readonly columns: readonly ColumnModel[]
  readonly value: InputConfig
}

function uniformInput(scope: TypeScope, name: string, { columns, value }: Uniform): GraphQLInputObjectType {
  return scope.named(name, () => {
    return new GraphQLInputObjectType({
      name,
      fields: Object.fromEntries(columns.map((column) => [column.name, value])),
    })
  })
}

export function keyColumnsInput(scope: TypeScope, table: RoleTable): GraphQLInputObjectType | undefined {
  const fields = primaryKeyArguments(scope, table)
  if (fields === undefined) return undefined
  return scope.named(`${table.model.name}_pk_columns_input`, (name) => new GraphQLInputObjectType({ name, fields }))
}

/** `x_updates`, one of several updates of `update_x_many`. */
export function updatesInput(scope: TypeScope, table: RoleTable): GraphQLInputObjectType {
  return scope.named(`${table.model.name}_updates`, (name) => {
    const where = input(new GraphQLNonNull(boolExp(scope, table)))
    return new GraphQLInputObjectType({ name, fields: () => ({ ...updateOperators(scope, table), where }) })
  })
}

export function mutationResponse(scope: TypeScope, table: RoleTable): GraphQLObjectType {
  return scope.named(`${table.model.name}_mutation_response`, (name) => {
    const affectedRows = field(new GraphQLNonNull(GraphQLInt), { kind: 'affectedRows' })
    const fields = () => ({
      affected_rows: affectedRows,
      ...(table.select === undefined ? {} : { returning: field(rowsType(scope, table), { kind: 'returning' }) }),
    })
    return new GraphQLObjectType({ name, fields })
  })
}

/** `[x_mutation_response]` */
export function mutationResponses(scope: TypeScope, table: RoleTable): GraphQLList<GraphQLObjectType> {
  return new GraphQLList(mutationResponse(scope, table))
}
