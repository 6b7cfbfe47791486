import type { IncomingHttpHeaders } from 'node:http'
import type { Db } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { platformCheck, restrictionsIn } from './allowed-platforms.ts'
import { authenticateApiKey, hasApiKey } from './authenticate-api-key.ts'
import type { Scope } from './scopes.ts'
import type { VerifyToken } from './verify-token.ts'

export interface CallerServices {
  readonly db: Db
  /** Undefined: no identity provider is configured, so no token is accepted. */
  readonly verifyToken: VerifyToken | undefined
}

/** A person on whose behalf a request was made, with their token or with a key of theirs. */
export interface Person {
  readonly userId: string
  /** The API key; null: a JWT. */
  readonly keyId: string | null
}

/**
 * For uploads: a JWT whose roles include `user`, or an API key of a person with the scope.
 * Throws access/*, request/token_not_accepted, request/token_lives_too_long.
 */
export async function authenticatePerson(
  { db, verifyToken }: CallerServices,
  { headers, scope }: { headers: IncomingHttpHeaders; scope: Scope },
): Promise<Person> {
  const platform = scope.slice(scope.indexOf(':') + 1)
  const checkPlatform = (variables: Readonly<Record<string, string>>) =>
    platformCheck({ variables, role: 'user' }, restrictionsIn(db))(platform)
  if (hasApiKey(headers)) {
    const { keyId, userId } = await authenticateApiKey(db, { headers, scope })
    if (userId === null) throw new AppError('access/scope_missing', { key_id: keyId, scope })
    await checkPlatform({})
    return { userId, keyId }
  }
  const token = bearerToken(headers)
  if (token === undefined || verifyToken === undefined)
    throw new AppError('request/token_not_accepted', { why: 'no token' })
  const { userId, allowedRoles, variables } = await verifyToken(token)
  if (!allowedRoles.includes('user')) throw new AppError('request/role_not_allowed', { scope })
  await checkPlatform(variables)
  return { userId, keyId: null }
}

/**
 * For what operators look at: a JWT whose roles include `operator`, or an API key with the scope metrics:read.
 * Throws access/*, request/token_not_accepted, request/token_lives_too_long, request/role_not_allowed.
 */
export async function authenticateOperator(
  { db, verifyToken }: CallerServices,
  headers: IncomingHttpHeaders,
): Promise<void> {
  if (hasApiKey(headers)) return void (await authenticateApiKey(db, { headers, scope: 'metrics:read' }))
  const token = bearerToken(headers)
  if (token === undefined || verifyToken === undefined)
    throw new AppError('request/token_not_accepted', { why: 'no token' })
  const { allowedRoles } = await verifyToken(token)
  if (!allowedRoles.includes('operator')) throw new AppError('request/role_not_allowed', { route: '/health' })
}

/** A person themselves, with a JWT whose roles include `user`. Throws request/token_not_accepted, request/role_not_allowed. */
export async function authenticateUser(
  { verifyToken }: CallerServices,
  headers: IncomingHttpHeaders,
): Promise<{ readonly userId: string }> {
  const token = bearerToken(headers)
  if (token === undefined || verifyToken === undefined)
    throw new AppError('request/token_not_accepted', { why: 'no token' })
  const { userId, allowedRoles } = await verifyToken(token)
  if (!allowedRoles.includes('user')) throw new AppError('request/role_not_allowed')
  return { userId }
}

/**
 * A JWT that comes along with an action call must be good and be of the person in Hasura's session, or the call is forged.
 * Throws request/identity_mismatch and what the verification throws.
 */
export async function checkForwardedToken(
  verifyToken: VerifyToken | undefined,
  headers: IncomingHttpHeaders,
  session: { readonly userId: string; readonly role: string },
): Promise<void> {
  if (headers.authorization === undefined) return
  const token = bearerToken(headers)
  if (token === undefined || verifyToken === undefined)
    throw new AppError('request/token_not_accepted', { why: 'cannot be checked here' })
  const { userId, allowedRoles } = await verifyToken(token)
  if (userId !== session.userId || !allowedRoles.includes(session.role)) throw new AppError('request/identity_mismatch')
}

function bearerToken({ authorization = '' }: IncomingHttpHeaders): string | undefined {
  return /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization)?.[1]
}
