/** An error in Hasura's own vocabulary; the transport decides how it is shown. */
export interface HasuraErrorFacts {
  readonly code: string
  readonly message: string
  /** JSONPath-like position in the request; `$` is the whole of it. */
  readonly path?: string
  /** The status outside `/v1/graphql`, which always answers 200. */
  readonly httpStatus?: number
  /** Details for role admin and dev mode only. */
  readonly internal?: unknown
  /** An action handler's own `extensions`: replaces path and code entirely. */
  readonly extensions?: unknown
}

export class HasuraError extends Error {
  readonly code: string
  readonly path: string
  readonly httpStatus: number
  readonly internal: unknown
  readonly extensions: unknown

  constructor(facts: HasuraErrorFacts, options?: ErrorOptions) {
    super(facts.message, options)
    this.code = facts.code
    this.path = facts.path ?? '$'
    this.httpStatus = facts.httpStatus ?? 400
    this.internal = facts.internal
    this.extensions = facts.extensions
  }
}

/** The shape inside `errors: []` of a GraphQL answer. */
export function toGraphqlError(error: HasuraError, showInternal: boolean): Record<string, unknown> {
  if (error.extensions !== undefined) return { message: error.message, extensions: error.extensions }
  const internal = showInternal && error.internal !== undefined ? { internal: error.internal } : {}
  return { message: error.message, extensions: { path: error.path, code: error.code, ...internal } }
}
