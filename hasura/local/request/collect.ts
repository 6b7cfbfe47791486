import {
  type DirectiveNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLBoolean,
  GraphQLNonNull,
  Kind,
  print,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql'
import { coerce } from './coerce.ts'
import { validationFailed } from './failure.ts'
import type { Variables } from './variables.ts'

export interface CollectedField {
  readonly responseKey: string
  readonly name: string
  readonly nodes: readonly FieldNode[]
}

interface CollectScope {
  readonly typeName: string
  readonly path: string
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly variables: Variables
}

interface Collecting extends CollectScope {
  /** `spelled`: the arguments, which every node of a field shares. */
  readonly fields: Map<string, { name: string; nodes: FieldNode[]; spelled: string }>
  /** A fragment spread twice adds nothing the second time. */
  readonly visited: Set<string>
}

const CONDITION = new GraphQLNonNull(GraphQLBoolean)

/** The fields of one level in the order of the answer: fragments opened, directives obeyed, equal names merged. */
export function collectFields(
  selectionSets: readonly SelectionSetNode[],
  scope: CollectScope,
): readonly CollectedField[] {
  const collecting: Collecting = { ...scope, fields: new Map(), visited: new Set() }
  for (const { selections } of selectionSets) {
    for (const selection of selections) collectSelection(selection, collecting)
  }
  return [...collecting.fields].map(([responseKey, { name, nodes }]) => ({ responseKey, name, nodes }))
}

function collectSelection(selection: SelectionNode, collecting: Collecting): void {
  if (!isIncluded(selection.directives ?? [], collecting)) return
  if (selection.kind === Kind.FIELD) return addField(selection, collecting)
  const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : openFragment(selection.name.value, collecting)
  const condition = fragment?.typeCondition?.name.value
  if (condition !== undefined && condition !== collecting.typeName) return
  for (const inner of fragment?.selectionSet.selections ?? []) collectSelection(inner, collecting)
}

function openFragment(name: string, { visited, fragments }: Collecting): FragmentDefinitionNode | undefined {
  if (visited.has(name)) return undefined
  visited.add(name)
  return fragments.get(name)
}

function addField(node: FieldNode, { fields, path }: Collecting): void {
  const name = node.name.value
  const responseKey = node.alias?.value ?? name
  const spelled = spellArguments(node)
  const known = fields.get(responseKey)
  if (known === undefined) {
    fields.set(responseKey, { name, nodes: [node], spelled })
    return
  }
  const at = `${path}.selectionSet`
  if (known.name !== name) {
    const both = `selection of both '${known.name}' and '${name}'`
    throw validationFailed(`${both} specify the same response name, '${responseKey}'`, at)
  }
  if (known.spelled !== spelled) {
    throw validationFailed(`inconsistent arguments between multiple selections of field '${name}'`, at)
  }
  known.nodes.push(node)
}

function spellArguments({ arguments: list = [] }: FieldNode): string {
  return list.map(print).sort().join()
}

function isIncluded(directives: readonly DirectiveNode[], { path, variables }: Collecting): boolean {
  return directives.every((directive) => {
    const name = directive.name.value
    const wanted = name === 'include' ? true : name === 'skip' ? false : undefined
    const at = `${path}.selectionSet`
    if (wanted === undefined) throw validationFailed(`directive '${name}' is not defined in the schema`, at)
    const condition = directive.arguments?.find((argument) => argument.name.value === 'if')
    if (condition === undefined) throw validationFailed("missing required field 'if'", at)
    const place = { path: at, facts: {}, variables }
    return coerce(CONDITION, { origin: 'literal', node: condition.value }, place) === wanted
  })
}
