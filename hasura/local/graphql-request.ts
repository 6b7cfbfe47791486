import { HasuraError } from './errors.ts'
import type { GraphqlRequest } from './session.ts'

/** Checks the outer shape of one GraphQL request. Throws HasuraError. */
export function readGraphqlRequest(body: unknown): GraphqlRequest {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw parseFailed('expected Object')
  const { query, variables, operationName, extensions }: Record<string, unknown> = { ...body }
  if (typeof extensions === 'object' && extensions !== null && 'persistedQuery' in extensions) {
    throw new HasuraError({ code: 'not-supported', message: 'Automatic Persisted Queries is not enabled' })
  }
  if (query === undefined) throw parseFailed('key "query" not found')
  if (typeof query !== 'string') throw parseFailed('key "query" must be a string')
  if (variables !== undefined && (typeof variables !== 'object' || Array.isArray(variables))) {
    throw parseFailed('key "variables" must be an object')
  }
  if (operationName !== undefined && operationName !== null && typeof operationName !== 'string') {
    throw parseFailed('key "operationName" must be a string')
  }
  return {
    query,
    variables: variables === undefined || variables === null ? null : { ...variables },
    operationName: operationName ?? null,
  }
}

function parseFailed(reason: string): HasuraError {
  return new HasuraError({ code: 'parse-failed', message: `parsing the GraphQL request failed, ${reason}` })
}
