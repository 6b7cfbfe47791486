import pg from 'pg'
import { HasuraError } from '../errors.ts'
import type { SqlText } from '../sql/write.ts'

const CONSTRAINTS: Readonly<Record<string, string>> = {
  '23001': 'Can not delete or update due to data being referred. ',
  '23502': 'Not-NULL violation. ',
  '23503': 'Foreign key violation. ',
  '23505': 'Uniqueness violation. ',
  '23P01': 'Exclusion violation. ',
}

/** A failure of Postgres in Hasura's words: only classes 22 and 23 tell the client what happened. */
export function toHasuraError(error: unknown, statement: SqlText, path = '$'): HasuraError {
  if (error instanceof HasuraError) return error
  if (!(error instanceof pg.DatabaseError)) return connectionError(error)
  const { code = '', message } = error
  const internal = describe(error, statement)
  const facts = { message, path, internal }
  const constraint = CONSTRAINTS[code]
  if (constraint !== undefined)
    return failure({ ...facts, code: 'constraint-violation', message: constraint + message }, error)
  if (code === '23514')
    return failure({ ...facts, code: 'permission-error', message: `Check constraint violation. ${message}` }, error)
  if (code === '22025') return failure({ ...facts, code: 'bad-request' }, error)
  if (code.startsWith('22')) return failure({ ...facts, code: 'data-exception' }, error)
  if (code === '42704') return failure({ ...facts, code: 'constraint-error' }, error)
  if (code === '53300') {
    const full = 'max connections reached on postgres'
    return failure({ ...facts, code: 'postgres-max-connections-error', message: full, httpStatus: 500 }, error)
  }
  if (code.startsWith('08') || code.startsWith('57P')) return connectionError(error)
  return failure({ ...facts, code: 'unexpected', message: 'database query error' }, error)
}

function failure(facts: ConstructorParameters<typeof HasuraError>[0], cause: Error): HasuraError {
  return new HasuraError(facts, { cause })
}

function connectionError(cause: unknown): HasuraError {
  const internal = cause instanceof Error ? cause.message : String(cause)
  return new HasuraError({ code: 'postgres-error', message: 'connection error', httpStatus: 500, internal }, { cause })
}

/** For admin and dev mode, in the engine's own shape. */
function describe(error: pg.DatabaseError, { text, values }: SqlText): Record<string, unknown> {
  return {
    statement: text,
    prepared: true,
    error: {
      exec_status: 'FatalError',
      hint: error.hint ?? null,
      message: error.message,
      status_code: error.code,
      description: error.detail ?? null,
    },
    arguments: values.map((value) => JSON.stringify(value)),
  }
}
