import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  type SelectionSetNode,
} from 'graphql'
import type { GraphqlRequest } from '../session.ts'
import { validationFailed } from './failure.ts'

export interface Operation {
  readonly definition: OperationDefinitionNode
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
}

/** Far above any query; bounds what one request can make the parser do. */
const MAX_TOKENS = 50_000
const CACHED_DOCUMENTS = 500

/** Parses query text, remembering the most recently used texts. */
export class DocumentParser {
  readonly #documents = new Map<string, DocumentNode>()

  parse(query: string): DocumentNode {
    const document = this.#documents.get(query) ?? parseQuery(query)
    this.#documents.delete(query)
    this.#documents.set(query, document)
    const oldest = this.#documents.keys().next()
    if (this.#documents.size > CACHED_DOCUMENTS && oldest.done !== true) this.#documents.delete(oldest.value)
    return document
  }
}

function parseQuery(query: string): DocumentNode {
  try {
    return parse(query, { noLocation: true, maxTokens: MAX_TOKENS })
  } catch {
    throw validationFailed('not a valid graphql query', '$.query')
  }
}

/** Picks the operation to run and checks its fragments. */
export function pickOperation(document: DocumentNode, { operationName }: GraphqlRequest): Operation {
  const operations: OperationDefinitionNode[] = []
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) operations.push(definition)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition)
  }
  const definition = chooseOperation(operations, operationName)
  checkFragments(definition.selectionSet, { path: '$', open: [], checked: new Set(), fragments })
  return { definition, fragments }
}

function chooseOperation(
  operations: readonly OperationDefinitionNode[],
  wanted: string | null | undefined,
): OperationDefinitionNode {
  const [only, second] = operations
  if (wanted === undefined || wanted === null || wanted === '') {
    if (only !== undefined && second === undefined) return only
    throw validationFailed(
      'exactly one operation has to be present in the document when operationName is not specified',
    )
  }
  if (operations.some(({ name }) => name === undefined)) {
    throw validationFailed('operationName cannot be used when an anonymous operation exists in the document')
  }
  const found = operations.find(({ name }) => name?.value === wanted)
  if (found === undefined) throw validationFailed(`no such operation found in the document: "${wanted}"`)
  return found
}

interface FragmentWalk {
  readonly path: string
  /** Fragments being expanded, outermost first. */
  readonly open: readonly string[]
  readonly checked: Set<string>
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
}

function checkFragments(selectionSet: SelectionSetNode, walk: FragmentWalk): void {
  for (const selection of selectionSet.selections) {
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      enterFragment(selection.name.value, walk)
    } else if (selection.selectionSet !== undefined) {
      const step = selection.kind === Kind.FIELD ? `.selectionSet.${selection.name.value}` : ''
      checkFragments(selection.selectionSet, { ...walk, path: walk.path + step })
    }
  }
}

function enterFragment(name: string, walk: FragmentWalk): void {
  const path = `${walk.path}.selectionSet.${name}`
  if (walk.open.includes(name)) {
    const cycle = walk.open.slice(walk.open.indexOf(name)).join(' and ')
    throw validationFailed(`the fragment definition(s) ${cycle} form a cycle`, `${walk.path}.selectionSet`)
  }
  if (walk.checked.has(name)) return
  const fragment = walk.fragments.get(name)
  if (fragment === undefined) throw validationFailed(`reference to undefined fragment "${name}"`, path)
  checkFragments(fragment.selectionSet, { ...walk, path, open: [...walk.open, name] })
  walk.checked.add(name)
}
