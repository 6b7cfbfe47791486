import { type DocumentNode, Kind, print, visit } from 'graphql'
import type { Metadata } from '../metadata/types.ts'
import { DocumentParser } from '../request/document.ts'
import { validationFailed } from '../request/failure.ts'

/**
 * The documents that roles other than admin may send: names, variables, order of fields, fragments and
 * aliases all count; white space and `__typename` do not.
 */
export class AllowList {
  readonly #known: ReadonlySet<string>
  readonly #normalized = new WeakMap<DocumentNode, string>()

  constructor({ allow_list: allowed, query_collections: collections }: Metadata) {
    const names = new Set(allowed.map(({ collection }) => collection))
    const parser = new DocumentParser()
    const documents = collections
      .filter(({ name }) => names.has(name))
      .flatMap(({ definition }) => definition.queries.map(({ query }) => parser.parse(query)))
    this.#known = new Set(documents.map(normalize))
  }

  /** Throws `validation-failed` for a document that is not on the list. */
  check(document: DocumentNode): void {
    const known = this.#normalized.get(document) ?? normalize(document)
    this.#normalized.set(document, known)
    if (!this.#known.has(known)) throw validationFailed('query is not allowed')
  }
}

function normalize(document: DocumentNode): string {
  const isTypename = (name: string) => name === '__typename'
  return print(visit(document, { [Kind.FIELD]: (node) => (isTypename(node.name.value) ? null : undefined) }))
}
