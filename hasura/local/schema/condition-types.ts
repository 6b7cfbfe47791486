import {
  GraphQLBoolean,
  GraphQLInputObjectType,
  type GraphQLInputType,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLString,
} from 'graphql'
import type { ValueType } from './column-values.ts'
import { type InputConfig, input } from './meaning.ts'
import type { ColumnModel } from './model.ts'
import { AGGREGATE_FUNCTIONS, OF_PAIRS } from './predicate.ts'
import type { RoleTable } from './role-tables.ts'
import { isJsonb, isText } from './scalars.ts'
import { PLACEHOLDER, type TypeScope } from './type-scope.ts'

type Inputs = Record<string, InputConfig>

const TEXT: ValueType = { typeName: 'text', isArray: false }
const COMPARED = ['_eq', '_neq', '_gt', '_lt', '_gte', '_lte']
const EQUALITY = ['_eq', '_neq']
const PATTERNS = ['like', 'nlike', 'ilike', 'nilike', 'similar', 'nsimilar', 'regex', 'iregex', 'nregex', 'niregex']
const CONTAINMENTS = ['_contains', '_contained_in']

/** `x_bool_exp`: what the role can select, it can ask about. */
export function boolExp(scope: TypeScope, table: RoleTable): GraphQLInputObjectType {
  return scope.named(`${table.model.name}_bool_exp`, (name) => {
    return new GraphQLInputObjectType({ name, fields: () => boolExpFields(scope, table) })
  })
}

function boolExpFields(scope: TypeScope, table: RoleTable): Inputs {
  const self = boolExp(scope, table)
  const fields: Inputs = {
    _and: input(listOf(self), { refusesNull: true }),
    _not: input(self, { refusesNull: true }),
    _or: input(listOf(self), { refusesNull: true }),
  }
  if (table.select === undefined) return fields
  for (const column of table.select.columns)
    fields[column.name] = input(comparisonExp(scope, column), { refusesNull: true })
  for (const relationship of table.model.relationships.values()) {
    const target = scope.findTarget(relationship)
    if (target === undefined) continue
    fields[relationship.name] = input(boolExp(scope, target), { refusesNull: true })
    if (relationship.kind === 'array' && target.select?.aggregations === true) {
      fields[`${relationship.name}_aggregate`] = input(aggregateBoolExp(scope, target), { refusesNull: true })
    }
  }
  return fields
}

function comparisonExp(scope: TypeScope, model: ColumnModel): GraphQLInputObjectType {
  const { column, scalar } = model
  const name = column.isArray ? `${scalar}_array_comparison_exp` : `${scalar}_comparison_exp`
  return scope.named(name, () => new GraphQLInputObjectType({ name, fields: () => comparisonFields(scope, model) }))
}

function comparisonFields(scope: TypeScope, model: ColumnModel): Inputs {
  const { column, values } = model
  const single = scope.columnType(model)
  const type = column.isArray ? listOf(single) : single
  const facts = { column, refusesNull: true }
  const fields: Inputs = { _in: input(listOf(type), facts), _nin: input(listOf(type), facts) }
  for (const name of values === undefined ? COMPARED : EQUALITY) fields[name] = input(type, facts)
  fields['_is_null'] = input(GraphQLBoolean, { refusesNull: true })
  if (values !== undefined) return fields
  if (isText(column)) for (const name of PATTERNS) fields[`_${name}`] = input(type, facts)
  if (column.isArray || isJsonb(column)) for (const name of CONTAINMENTS) fields[name] = input(type, facts)
  return isJsonb(column) ? { ...fields, ...jsonbFields(scope) } : fields
}

function jsonbFields(scope: TypeScope): Inputs {
  const texts = input(listOf(GraphQLString), { column: TEXT, refusesNull: true })
  const path = input(GraphQLString, { column: TEXT, refusesNull: true })
  return {
    _has_key: input(GraphQLString, { column: TEXT }),
    _has_keys_any: texts,
    _has_keys_all: texts,
    _jsonb_path_exists: path,
    _jsonb_path_match: path,
    _cast: input(castExp(scope), { refusesNull: true }),
  }
}

function castExp(scope: TypeScope): GraphQLInputObjectType {
  return scope.named('jsonb_cast_exp', (name) => {
    const fields = () => ({ String: input(stringComparisonExp(scope), { refusesNull: true }) })
    return new GraphQLInputObjectType({ name, fields })
  })
}

/** Of a text column that no table has to have. */
export function stringComparisonExp(scope: TypeScope): GraphQLInputObjectType {
  return comparisonExp(scope, imaginaryColumn('text', 'String'))
}

function imaginaryColumn(typeName: string, scalar: string): ColumnModel {
  const facts = { sqlType: typeName, isNullable: true, hasDefault: false, isGenerated: false, comment: null }
  return {
    name: '',
    column: { name: '', typeName, isArray: false, ...facts },
    scalar,
    shownAsText: false,
    description: undefined,
  }
}

function aggregateBoolExp(scope: TypeScope, table: RoleTable): GraphQLInputObjectType {
  return scope.named(`${table.model.name}_aggregate_bool_exp`, (name) => {
    return new GraphQLInputObjectType({ name, fields: () => aggregateBoolFields(scope, table) })
  })
}

function aggregateBoolFields(scope: TypeScope, table: RoleTable): Inputs {
  const prefix = `${table.model.name}_aggregate_bool_exp`
  const predicate = (name: string, fields: Inputs) => {
    const common: Inputs = { distinct: input(GraphQLBoolean), filter: input(boolExp(scope, table)) }
    return input(
      scope.named(name, () => new GraphQLInputObjectType({ name, fields: { ...common, ...fields } })),
      { refusesNull: true },
    )
  }
  const fields: Inputs = {
    count: predicate(`${prefix}_count`, {
      arguments: input(listOf(selectColumn(scope, table))),
      predicate: input(new GraphQLNonNull(comparisonExp(scope, imaginaryColumn('int4', GraphQLInt.name)))),
    }),
  }
  for (const [operation, typeName] of Object.entries(AGGREGATE_FUNCTIONS)) {
    const taken = table.select?.columns.filter(({ column }) => column.typeName === typeName && !column.isArray) ?? []
    if (operation === 'count' || taken.length === 0) continue
    const columns = scope.enumeration(
      `${table.model.name}_select_column_${prefix}_${operation}_arguments_columns`,
      taken.map(({ name }) => name),
    )
    const result = imaginaryColumn(typeName, typeName === 'bool' ? GraphQLBoolean.name : typeName)
    fields[operation] = predicate(`${prefix}_${operation}`, {
      arguments: input(
        new GraphQLNonNull(OF_PAIRS.has(operation) ? pairOf(scope, columns, `${prefix}_${operation}`) : columns),
      ),
      predicate: input(new GraphQLNonNull(comparisonExp(scope, result))),
    })
  }
  return fields
}

function pairOf(scope: TypeScope, columns: GraphQLInputType, operation: string): GraphQLInputType {
  const of = () => input(new GraphQLNonNull(columns))
  return scope.named(
    `${operation}_arguments`,
    (name) => new GraphQLInputObjectType({ name, fields: { X: of(), Y: of() } }),
  )
}

/** `x_select_column`, the enum of columns the role can select. */
export function selectColumn(scope: TypeScope, table: RoleTable) {
  const names = table.select?.columns.map(({ name }) => name) ?? []
  return scope.enumeration(`${table.model.name}_select_column`, names.length === 0 ? [PLACEHOLDER] : names)
}

/** `[T!]` */
export function listOf<T extends GraphQLInputType>(type: T): GraphQLList<GraphQLInputType> {
  return new GraphQLList(new GraphQLNonNull(type))
}
