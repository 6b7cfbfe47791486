import { HasuraError } from './errors.ts'

const CONNECTION_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'ETIMEDOUT', 'EPIPE', 'ENOENT'])
const CONNECTION_MESSAGES =
  /connection terminated|timeout exceeded when trying to connect|client has encountered a connection error/i

/** Whether the database could not be reached, as opposed to having refused a statement. */
export function isConnectionFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? String(error.code) : ''
  // Class 08 is "connection exception"; 57P01 to 57P03 are a server that is stopping or starting.
  if (CONNECTION_CODES.has(code) || code.startsWith('08') || /^57P0[1-3]$/.test(code)) return true
  return CONNECTION_MESSAGES.test(error.message)
}

/** Whatever was thrown, in Hasura's vocabulary. Details go to `internal`, which only role admin and dev mode see. */
export function toHasuraError(error: unknown): HasuraError {
  if (error instanceof HasuraError) return error
  if (isConnectionFailure(error)) {
    return new HasuraError({ code: 'postgres-error', message: 'connection error', httpStatus: 500 }, { cause: error })
  }
  return new HasuraError({ code: 'unexpected', message: 'Internal Server Error', httpStatus: 500 }, { cause: error })
}
