import { type DocumentNode, type FragmentDefinitionNode, Kind, parse, type SelectionSetNode } from 'graphql'
import { type Case, isObject } from './case-files.ts'

export interface Actual {
  readonly status: number
  readonly body: unknown
  readonly headers: Headers
}

/** Undefined when the answer is the expected one; otherwise what is different. `warning`: both are errors, told differently. */
export function judge(
  expected: Case,
  actual: Actual,
): { readonly kind: 'failure' | 'warning'; readonly text: string } | undefined {
  const { status = 200 } = expected
  const bodies =
    expected.allowed_responses?.map(({ response }) => response) ??
    ('response' in expected ? [expected.response] : undefined)
  const order = selectionOf(expected.query)
  const matches = bodies?.some((body) => isSame(body, actual.body, order)) ?? true
  if (!matches) {
    const kind =
      bodies?.every(isError) === true && isError(actual.body) && status === actual.status ? 'warning' : 'failure'
    return { kind, text: `expected ${JSON.stringify(bodies?.[0])}\n      answered ${JSON.stringify(actual.body)}` }
  }
  if (status !== actual.status)
    return {
      kind: 'failure',
      text: `expected status ${status}, answered ${actual.status} ${JSON.stringify(actual.body)}`,
    }
  const header = Object.entries(expected.resp_headers ?? {}).find(
    ([name, value]) => actual.headers.get(name) !== String(value),
  )
  return header === undefined
    ? undefined
    : { kind: 'failure', text: `header ${header[0]} is ${actual.headers.get(header[0])}` }
}

export function isError(body: unknown): boolean {
  if (Array.isArray(body)) return body.some(isError)
  return isObject(body) && ('errors' in body || ('error' in body && 'code' in body))
}

/** What decides the order of keys: one document for the whole body, or one for each of a batch. */
type Order = Selection | readonly (Selection | undefined)[] | undefined

interface Selection {
  readonly sets: readonly SelectionSetNode[]
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
}

function selectionOf(query: unknown): Order {
  if (Array.isArray(query)) return query.map((one: unknown) => documentSelection(one))
  return documentSelection(query)
}

function documentSelection(request: unknown): Selection | undefined {
  const text = isObject(request) ? request['query'] : undefined
  if (typeof text !== 'string') return undefined
  try {
    return rootSelection(parse(text, { noLocation: true }))
  } catch {
    return undefined
  }
}

function rootSelection({ definitions }: DocumentNode): Selection | undefined {
  const operations = definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION)
  const fragments = definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
  const [only, second] = operations
  if (only === undefined || second !== undefined) return undefined
  return { sets: [only.selectionSet], fragments: new Map(fragments.map((fragment) => [fragment.name.value, fragment])) }
}

function isSame(expected: unknown, actual: unknown, order: Order): boolean {
  if (Array.isArray(order)) {
    if (!Array.isArray(expected) || !Array.isArray(actual) || expected.length !== actual.length) return false
    return expected.every((body, index) => isSame(body, actual[index], order[index]))
  }
  const selection = order as Selection | undefined
  if (selection === undefined || !isObject(expected) || !isObject(actual) || !('data' in expected && 'data' in actual))
    return isEqual(expected, actual, undefined)
  const { data: one, ...rest } = expected
  const { data: other, ...others } = actual
  return isEqual(rest, others, undefined) && isEqual(one, other, selection)
}

/** The order of keys counts where they come from a selection set, and nowhere else. */
function isEqual(expected: unknown, actual: unknown, selection: Selection | undefined): boolean {
  if (Array.isArray(expected) && Array.isArray(actual))
    return expected.length === actual.length && expected.every((item, index) => isEqual(item, actual[index], selection))
  if (!isObject(expected) || !isObject(actual)) return expected === actual
  const keys = Object.keys(expected)
  const others = Object.keys(actual)
  if (keys.length !== others.length || !keys.every((key) => Object.hasOwn(actual, key))) return false
  // Numbers as keys lose their place in JavaScript; no field is called so.
  if (selection !== undefined && !keys.every((key, index) => others[index] === key)) return false
  const inner = selection === undefined ? new Map<string, Selection>() : selectedFields(selection)
  return keys.every((key) => isEqual(expected[key], actual[key], inner.get(key)))
}

/** By response key, the selection sets below that field. */
function selectedFields({ sets, fragments }: Selection): ReadonlyMap<string, Selection> {
  const found = new Map<string, SelectionSetNode[]>()
  const visit = ({ selections }: SelectionSetNode) => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        if (selection.selectionSet === undefined) continue
        const key = selection.alias?.value ?? selection.name.value
        found.set(key, [...(found.get(key) ?? []), selection.selectionSet])
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        visit(selection.selectionSet)
      } else {
        const fragment = fragments.get(selection.name.value)
        if (fragment !== undefined) visit(fragment.selectionSet)
      }
    }
  }
  for (const set of sets) visit(set)
  return new Map([...found].map(([key, selectionSets]) => [key, { sets: selectionSets, fragments }]))
}
