import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLObjectType,
  getNamedType,
  isObjectType,
  isRequiredArgument,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
} from 'graphql'
import { inputFacts } from '../schema/meaning.ts'
import { coerce } from './coerce.ts'
import { type CollectedField, collectFields } from './collect.ts'
import { checkDepth, validationFailed } from './failure.ts'
import type { ValueObject } from './value.ts'
import type { Variables } from './variables.ts'

/** One field of the answer, checked against the role's schema. */
export interface SelectedField {
  readonly responseKey: string
  readonly name: string
  readonly definition: GraphQLField<unknown, unknown>
  readonly parent: GraphQLObjectType
  /** As given, and defaults; a key that is missing was not given. */
  readonly arguments: ValueObject
  /** Empty for a field without sub-selection. */
  readonly selections: readonly SelectedField[]
  readonly path: string
  /** As written, merged ones side by side. */
  readonly nodes: readonly FieldNode[]
}

export interface SelectionScope {
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly variables: Variables
  /** The type whose introspection fields exist. */
  readonly queryRoot: GraphQLObjectType | null | undefined
}

interface Parent {
  readonly type: GraphQLObjectType
  readonly path: string
  /** How many selections it is inside of. */
  readonly depth?: number
}

/** Checks a selection depth first, in the order of the query, and stops at the first error as Hasura does. */
export function select(
  selectionSets: readonly SelectionSetNode[],
  parent: Parent,
  scope: SelectionScope,
): readonly SelectedField[] {
  const { depth = 0 } = parent
  checkDepth(depth, 'the query')
  const collected = collectFields(selectionSets, { typeName: parent.type.name, path: parent.path, ...scope })
  return collected.map((field) => selectField(field, { ...parent, depth }, scope))
}

function selectField(field: CollectedField, parent: Parent, scope: SelectionScope): SelectedField {
  const { responseKey, name, nodes } = field
  const path = `${parent.path}.selectionSet.${name}`
  const definition = findDefinition(name, parent.type, scope)
  if (definition === undefined) {
    throw validationFailed(`field '${name}' not found in type: '${parent.type.name}'`, path)
  }
  const values = readArguments(definition, field, { path, scope })
  const selections = selectBelow(definition, field, { path, scope, depth: (parent.depth ?? 0) + 1 })
  return { responseKey, name, definition, parent: parent.type, arguments: values, selections, path, nodes }
}

function findDefinition(name: string, type: GraphQLObjectType, { queryRoot }: SelectionScope) {
  if (name === TypeNameMetaFieldDef.name) return TypeNameMetaFieldDef
  if (type === queryRoot && name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef
  if (type === queryRoot && name === TypeMetaFieldDef.name) return TypeMetaFieldDef
  return type.getFields()[name]
}

interface At {
  readonly path: string
  readonly scope: SelectionScope
}

function selectBelow(
  definition: GraphQLField<unknown, unknown>,
  { nodes }: CollectedField,
  { path, scope, depth }: At & { readonly depth: number },
) {
  const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? [])
  const type = getNamedType(definition.type)
  if (isObjectType(type)) {
    if (sets.length === 0) throw validationFailed(`missing selection set for '${definition.name}'`, path)
    return select(sets, { type, path, depth }, scope)
  }
  if (sets.length > 0) throw validationFailed('unexpected subselection set for non-object field', path)
  return []
}

function readArguments(
  definition: GraphQLField<unknown, unknown>,
  { nodes }: CollectedField,
  { path, scope }: At,
): ValueObject {
  const given = new Map((nodes[0]?.arguments ?? []).map((argument) => [argument.name.value, argument.value]))
  for (const name of given.keys()) {
    if (!definition.args.some((argument) => argument.name === name)) {
      throw validationFailed(`'${definition.name}' has no argument named '${name}'`, path)
    }
  }
  const values: Record<string, ValueObject[string]> = {}
  for (const argument of definition.args) {
    const node = given.get(argument.name)
    const place = { path: `${path}.args.${argument.name}`, facts: inputFacts(argument), variables: scope.variables }
    if (node !== undefined) {
      values[argument.name] = coerce(argument.type, { origin: 'literal', node }, place)
    } else if (isRequiredArgument(argument)) {
      throw validationFailed(`missing required field '${argument.name}'`, place.path)
    }
  }
  return values
}

/** Whether a field is one of the enclosing `{ … }` that graphql-js itself answers. */
export function isIntrospection({ name }: SelectedField): boolean {
  return name === SchemaMetaFieldDef.name || name === TypeMetaFieldDef.name
}

export function isTypename({ name }: SelectedField): boolean {
  return name === TypeNameMetaFieldDef.name
}
