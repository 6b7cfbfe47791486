import {
  GraphQLEnumType,
  type GraphQLFieldConfig,
  GraphQLInputObjectType,
  type GraphQLInputType,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLOutputType,
  Kind,
  parseType,
  type TypeNode,
} from 'graphql'
import { tableKey } from '../catalog/catalog.ts'
import type { Action, Argument, CustomTypes } from '../metadata/types.ts'
import { field, type InputConfig, input } from './meaning.ts'
import type { ColumnModel } from './model.ts'
import type { RoleTable } from './role-tables.ts'
import { aggregateType, rowsType, rowType, selectArguments } from './row-types.ts'
import type { TypeScope } from './type-scope.ts'

type Fields = Record<string, GraphQLFieldConfig<unknown, unknown>>
type ObjectDefinition = CustomTypes['objects'][number]

interface Definitions {
  readonly scope: TypeScope
  readonly types: CustomTypes
}

/** The root field of an action. */
export function actionField(action: Action, definitions: Definitions): GraphQLFieldConfig<unknown, unknown> {
  const { output_type: outputType, arguments: list } = action.definition
  const args = argumentInputs(list, definitions)
  const type = outputTypeOf(parseType(outputType), definitions)
  return field(type, { kind: 'action', action }, { args, description: action.comment || undefined })
}

function argumentInputs(list: readonly Argument[], definitions: Definitions): Record<string, InputConfig> {
  const inputs = list.map(({ name, type, description }) => {
    return [name, input(inputTypeOf(parseType(type), definitions), {}, description || undefined)] as const
  })
  return Object.fromEntries(inputs)
}

function inputTypeOf(node: TypeNode, definitions: Definitions): GraphQLInputType {
  if (node.kind === Kind.NON_NULL_TYPE) return new GraphQLNonNull(inputTypeOf(node.type, definitions))
  if (node.kind === Kind.LIST_TYPE) return new GraphQLList(inputTypeOf(node.type, definitions))
  const { scope, types } = definitions
  const name = node.name.value
  const definition = types.input_objects.find((object) => object.name === name)
  if (definition === undefined) return leafType(name, definitions)
  return scope.named(name, () => {
    return new GraphQLInputObjectType({ name, fields: () => argumentInputs(definition.fields, definitions) })
  })
}

function outputTypeOf(node: TypeNode, definitions: Definitions): GraphQLOutputType {
  if (node.kind === Kind.NON_NULL_TYPE) return new GraphQLNonNull(outputTypeOf(node.type, definitions))
  if (node.kind === Kind.LIST_TYPE) return new GraphQLList(outputTypeOf(node.type, definitions))
  const { scope, types } = definitions
  const name = node.name.value
  const definition = types.objects.find((object) => object.name === name)
  if (definition === undefined) return leafType(name, definitions)
  return scope.named(name, () => {
    return new GraphQLObjectType({
      name,
      fields: () => outputFields(definition, definitions),
      ...described(definition),
    })
  })
}

function outputFields(definition: ObjectDefinition, definitions: Definitions): Fields {
  const fields = definition.fields.map(({ name, type, description }) => {
    const output = outputTypeOf(parseType(type), definitions)
    return [name, field(output, { kind: 'output', name }, { description: description || undefined })] as const
  })
  return { ...Object.fromEntries(fields), ...relationshipFields(definition, definitions.scope) }
}

/** A joined table is seen with the caller's own permissions; without any there is no field. */
function relationshipFields({ relationships = [] }: ObjectDefinition, scope: TypeScope): Fields {
  const fields: Fields = {}
  for (const { name, type, remote_table: remote, field_mapping: names } of relationships) {
    const target = scope.tables.get(tableKey(remote))
    const mapping = target === undefined ? undefined : columnMapping(names, target)
    if (target?.select === undefined || mapping === undefined) continue
    const to = { kind: 'outputRelated', mapping, target } as const
    if (type === 'object') {
      fields[name] = field(rowType(scope, target), { ...to, reading: 'row' })
      continue
    }
    const args = selectArguments(scope, target)
    fields[name] = field(rowsType(scope, target), { ...to, reading: 'rows' }, { args })
    if (!target.select.aggregations) continue
    const aggregate = new GraphQLNonNull(aggregateType(scope, target))
    fields[`${name}_aggregate`] = field(aggregate, { ...to, reading: 'aggregate' }, { args })
  }
  return fields
}

function columnMapping(names: Readonly<Record<string, string>>, target: RoleTable) {
  const mapping: (readonly [string, ColumnModel])[] = []
  for (const [output, columnName] of Object.entries(names)) {
    const column = target.model.columns.get(columnName)
    if (column === undefined) return undefined
    mapping.push([output, column])
  }
  return mapping
}

function leafType(name: string, { scope, types }: Definitions) {
  const definition = types.enums.find((candidate) => candidate.name === name)
  if (definition === undefined) return scope.scalar(name)
  return scope.named(name, () => {
    const values = definition.values.map((value) => [value.value, described(value)] as const)
    return new GraphQLEnumType({ name, values: Object.fromEntries(values), ...described(definition) })
  })
}

function described({ description }: { readonly description?: string }): { description?: string } {
  return description ? { description } : {}
}
