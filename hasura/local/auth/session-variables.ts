import { HasuraError } from '../errors.ts'
import type { Session } from '../session.ts'

/** Request headers, names in lower case. */
export type RequestHeaders = Readonly<Record<string, string>>

export const ADMIN_SECRET_HEADER = 'x-hasura-admin-secret'
const ROLE_HEADER = 'x-hasura-role'
const BACKEND_ONLY_HEADER = 'x-hasura-use-backend-only-permissions'

/** Every `x-hasura-*` header but the admin secret; only for callers who are trusted to say who they are. */
export function variablesFromHeaders(headers: RequestHeaders): Record<string, string> {
  const variables = Object.entries(headers).filter(
    ([name]) => name.startsWith('x-hasura-') && name !== ADMIN_SECRET_HEADER,
  )
  return Object.fromEntries(variables)
}

/** An empty header counts as absent. */
export function requestedRole(headers: RequestHeaders): string | undefined {
  return headers[ROLE_HEADER] === '' ? undefined : headers[ROLE_HEADER]
}

export function createSession(facts: {
  readonly role: string
  readonly variables: Readonly<Record<string, string>>
  readonly backendOnly?: boolean
  readonly expiresAt?: Date
}): Session {
  return {
    role: facts.role,
    variables: { ...facts.variables, [ROLE_HEADER]: facts.role },
    backendOnly: facts.backendOnly ?? false,
    ...(facts.expiresAt === undefined ? {} : { expiresAt: facts.expiresAt }),
  }
}

/** Throws `bad-request` for a value that is no yes and no no. */
export function wantsBackendOnly(headers: RequestHeaders): boolean {
  const value = headers[BACKEND_ONLY_HEADER]?.toLowerCase()
  if (value === undefined || ['false', 'f', 'no', 'n'].includes(value)) return false
  if (['true', 't', 'yes', 'y'].includes(value)) return true
  const reason =
    'Not a valid boolean text. True values are ["true","t","yes","y"] and  False values are ["false","f","no","n"]. All values are case insensitive'
  throw new HasuraError({ code: 'bad-request', message: `${BACKEND_ONLY_HEADER}:  ${reason}` })
}
