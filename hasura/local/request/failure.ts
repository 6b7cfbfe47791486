import { HasuraError } from '../errors.ts'

/** The request does not fit the role's schema. `path` is a JSONPath into the query. */
export function validationFailed(message: string, path = '$'): HasuraError {
  return new HasuraError({ code: 'validation-failed', message, path })
}
