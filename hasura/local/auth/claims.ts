import { HasuraError } from '../errors.ts'
import { findByPath } from './json-path.ts'
import type { JwtConfig, MappedClaim } from './jwt-config.ts'

export interface Claims {
  readonly allowedRoles: readonly string[]
  readonly defaultRole: string
  /** The other `x-hasura-*` claims, names in lower case. */
  readonly variables: Readonly<Record<string, string>>
}

const DEFAULT_NAMESPACE = 'https://hasura.io/jwt/claims'
const ALLOWED_ROLES = 'x-hasura-allowed-roles'
const DEFAULT_ROLE = 'x-hasura-default-role'

/** What a verified token says about its bearer. Throws HasuraError. */
export function readClaims(payload: Readonly<Record<string, unknown>>, config: JwtConfig): Claims {
  const claims =
    config.claims_map === undefined ? namespacedClaims(payload, config) : mappedClaims(payload, config.claims_map)
  const { [ALLOWED_ROLES]: allowedRoles, [DEFAULT_ROLE]: defaultRole, ...others } = claims
  return {
    allowedRoles: readAllowedRoles(allowedRoles),
    defaultRole: readDefaultRole(defaultRole),
    variables: readVariables(others),
  }
}

function namespacedClaims(payload: Readonly<Record<string, unknown>>, config: JwtConfig): Record<string, unknown> {
  const { claims_namespace_path: path, claims_namespace: namespace = DEFAULT_NAMESPACE } = config
  const found = path === undefined ? payload[namespace] : findByPath(payload, path)
  if (found === undefined) {
    throw invalidClaims(
      path === undefined
        ? `claims key: '${namespace}' not found`
        : `claims not found at claims_namespace_path: '${path}'`,
    )
  }
  const claims = config.claims_format === 'stringified_json' ? parseStringified(found) : found
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) {
    throw invalidClaims(`parsing object failed, expected Object, but encountered ${kindOf(claims)}`)
  }
  return lowerCaseKeys({ ...claims })
}

function parseStringified(found: unknown): unknown {
  if (typeof found !== 'string')
    throw invalidClaims('expecting stringified json when claims_format is stringified_json')
  try {
    return JSON.parse(found)
  } catch {
    throw invalidClaims('expecting stringified json when claims_format is stringified_json')
  }
}

function mappedClaims(payload: Readonly<Record<string, unknown>>, map: Readonly<Record<string, MappedClaim>>) {
  const claims = Object.entries(lowerCaseKeys(map)).map(([name, mapped]) => {
    const literal = typeof mapped === 'string' || Array.isArray(mapped)
    const value = literal ? mapped : (findByPath(payload, mapped.path) ?? mapped.default)
    if (value === undefined) throw invalidClaims(`JWT claim from claims_map, "${name}" not found`)
    return [name, value] as const
  })
  return Object.fromEntries<unknown>(claims)
}

function readAllowedRoles(roles: unknown): readonly string[] {
  if (roles === undefined) throw missingRole(ALLOWED_ROLES)
  const wrong = !Array.isArray(roles)
    ? `parsing [] failed, expected Array, but encountered ${kindOf(roles)}`
    : wrongElement(roles)
  if (wrong !== undefined) throw invalidClaims(`invalid "${ALLOWED_ROLES}"; should be a list of roles: ${wrong}`)
  return Array.isArray(roles) ? roles.map(String) : []
}

function wrongElement(roles: readonly unknown[]): string | undefined {
  const wrong = roles.find((role) => typeof role !== 'string')
  return wrong === undefined ? undefined : `parsing Text failed, expected String, but encountered ${kindOf(wrong)}`
}

function readDefaultRole(role: unknown): string {
  if (role === undefined) throw missingRole(DEFAULT_ROLE)
  if (typeof role === 'string') return role
  const wrong = `parsing Text failed, expected String, but encountered ${kindOf(role)}`
  throw invalidClaims(`invalid "${DEFAULT_ROLE}"; should be a role: ${wrong}`)
}

function readVariables(claims: Readonly<Record<string, unknown>>): Record<string, string> {
  const variables: Record<string, string> = {}
  for (const [name, value] of Object.entries(claims)) {
    if (!name.startsWith('x-hasura-')) continue
    if (typeof value !== 'string') {
      throw invalidClaims(`x-hasura-* claims: parsing Text failed, expected String, but encountered ${kindOf(value)}`)
    }
    variables[name] = value
  }
  return variables
}

function lowerCaseKeys<T>(object: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name.toLowerCase(), value]))
}

function kindOf(value: unknown): string {
  if (value === null) return 'Null'
  if (Array.isArray(value)) return 'Array'
  const kind = typeof value
  return kind.charAt(0).toUpperCase() + kind.slice(1)
}

function invalidClaims(message: string): HasuraError {
  return new HasuraError({ code: 'jwt-invalid-claims', message })
}

function missingRole(name: string): HasuraError {
  return new HasuraError({ code: 'jwt-missing-role-claims', message: `JWT claim does not contain "${name}"` })
}
