import { HasuraError } from '../errors.ts'

/** The request does not fit the role's schema. `path` is a JSONPath into the query. */
export function validationFailed(message: string, path = '$'): HasuraError {
  return new HasuraError({ code: 'validation-failed', message, path })
}

/**
 * Levels of `{ … }` that are answered, and relationships one in another in a condition. Hasura has no bound of its own:
 * beyond some hundreds Postgres plans for many seconds, or has no memory to read the statement.
 */
const DEEPEST = 100

/** Throws when a request goes deeper than anybody answers. `what`: as the message begins. */
export function checkDepth(depth: number, what: string): void {
  if (depth > DEEPEST) throw validationFailed(`${what} is nested too deep, more than ${DEEPEST} levels`)
}
