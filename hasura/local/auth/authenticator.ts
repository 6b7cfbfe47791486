import { createHash, timingSafeEqual } from 'node:crypto'
import { HasuraError } from '../errors.ts'
import type { Session } from '../session.ts'
import { readClaims } from './claims.ts'
import { type JwtConfig, parseJwtConfig } from './jwt-config.ts'
import {
  ADMIN_SECRET_HEADER,
  createSession,
  type RequestHeaders,
  requestedRole,
  variablesFromHeaders,
  wantsBackendOnly,
} from './session-variables.ts'
import { createTokenVerifier, type VerifyToken } from './token.ts'

/** Who is asking. Throws HasuraError. Header names must be in lower case. */
export type Authenticate = (headers: RequestHeaders) => Promise<Session>

export interface AuthenticatorConfig {
  readonly adminSecret?: string | undefined
  /** The JSON text of `HASURA_GRAPHQL_JWT_SECRET`. */
  readonly jwtSecret?: string | undefined
  readonly unauthorizedRole?: string | undefined
}

/** Decides in Hasura's order. Throws when the JWT configuration is unusable. */
export async function createAuthenticator(config: AuthenticatorConfig): Promise<Authenticate> {
  const { adminSecret, jwtSecret, unauthorizedRole } = config
  if (adminSecret === undefined) {
    if (jwtSecret !== undefined) throw new Error('HASURA_GRAPHQL_JWT_SECRET needs HASURA_GRAPHQL_ADMIN_SECRET')
    if (unauthorizedRole !== undefined)
      throw new Error('HASURA_GRAPHQL_UNAUTHORIZED_ROLE needs HASURA_GRAPHQL_ADMIN_SECRET')
    return async (headers) => trustedSession(headers)
  }
  const isAdminSecret = secretComparison(adminSecret)
  const withoutSecret = jwtSecret === undefined ? undefined : await tokenAuthenticator(jwtSecret)
  return async (headers) => {
    const offered = headers[ADMIN_SECRET_HEADER]
    if (offered !== undefined) {
      if (!isAdminSecret(offered)) throw accessDenied('invalid "x-hasura-admin-secret"')
      return trustedSession(headers)
    }
    const session = await withoutSecret?.(headers)
    if (session !== undefined) return session
    // The role is fixed, the variables are whatever the stranger claims: no permission of this role may use them.
    if (unauthorizedRole !== undefined)
      return createSession({ role: unauthorizedRole, variables: variablesFromHeaders(headers) })
    throw jwtSecret === undefined
      ? accessDenied('"x-hasura-admin-secret" required, but not found')
      : invalidHeaders("Missing 'Authorization' or 'Cookie' header in JWT authentication mode")
  }
}

/** Both sides are hashed, so that neither length nor content shows in the time it takes. */
function secretComparison(secret: string): (offered: string) => boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  const expected = digest(secret)
  return (offered) => timingSafeEqual(digest(offered), expected)
}

function trustedSession(headers: RequestHeaders): Session {
  const role = requestedRole(headers) ?? 'admin'
  return createSession({ role, variables: variablesFromHeaders(headers), backendOnly: wantsBackendOnly(headers) })
}

/** Undefined when the request carries no token. */
async function tokenAuthenticator(
  jwtSecret: string,
): Promise<(headers: RequestHeaders) => Promise<Session | undefined>> {
  const config = parseJwtConfig(jwtSecret)
  const verify = await createTokenVerifier(config)
  return async (headers) => {
    const token = findToken(headers, config.header)
    return token === undefined ? undefined : sessionFromToken(token, { headers, config, verify })
  }
}

function findToken(headers: RequestHeaders, header: JwtConfig['header']): string | undefined {
  switch (header.type) {
    case 'Authorization': {
      const { authorization } = headers
      if (authorization === undefined) return undefined
      const [scheme, token, ...rest] = authorization.trim().split(/\s+/)
      if (scheme !== 'Bearer' || token === undefined || rest.length > 0)
        throw invalidHeaders('Malformed Authorization header')
      return token
    }
    case 'CustomHeader':
      return headers[header.name.toLowerCase()]
    case 'Cookie':
      return findCookie(headers.cookie ?? '', header.name)
    default:
      return header satisfies never
  }
}

function findCookie(cookies: string, name: string): string | undefined {
  const prefix = `${name}=`
  const found = cookies.split(';').find((cookie) => cookie.trim().startsWith(prefix))
  return found?.trim().slice(prefix.length)
}

async function sessionFromToken(
  token: string,
  services: { headers: RequestHeaders; config: JwtConfig; verify: VerifyToken },
): Promise<Session> {
  const payload = await services.verify(token)
  const { allowedRoles, defaultRole, variables } = readClaims(payload, services.config)
  const role = requestedRole(services.headers) ?? defaultRole
  if (!allowedRoles.includes(role)) {
    throw new HasuraError({ code: 'access-denied', message: 'Your requested role is not in allowed roles' })
  }
  const expiresAt = typeof payload.exp === 'number' ? { expiresAt: new Date(payload.exp * 1000) } : {}
  return createSession({ role, variables, ...expiresAt })
}

function accessDenied(message: string): HasuraError {
  return new HasuraError({ code: 'access-denied', message, httpStatus: 401 })
}

function invalidHeaders(message: string): HasuraError {
  return new HasuraError({ code: 'invalid-headers', message })
}
