/** Which browser pages may call us (`HASURA_GRAPHQL_CORS_DOMAIN`). */
export interface CorsPolicy {
  allows(origin: string): boolean
  /** The headers of an answer to a request with this `Origin`; none when it is absent or not allowed. */
  headers(origin: string | undefined): Record<string, string>
  /** What a preflight is told besides. */
  preflightHeaders(requestedHeaders: string | undefined): Record<string, string>
}

const PREFLIGHT_MAX_AGE_SECONDS = 1_728_000

/** `domains`: `*`, or a comma-separated list of origins in which `*.` stands for any one subdomain; undefined allows none. */
export function createCorsPolicy(domains: string | undefined): CorsPolicy {
  const patterns = (domains ?? '')
    .split(',')
    .map((domain) => domain.trim().toLowerCase())
    .filter((domain) => domain !== '')
  const allows = (origin: string) => patterns.some((pattern) => matches(origin.toLowerCase(), pattern))
  return {
    allows,
    headers(origin) {
      if (origin === undefined || !allows(origin)) return {}
      return {
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
        'access-control-allow-methods': 'GET,POST,PUT,PATCH,DELETE,OPTIONS',
        vary: 'Origin',
      }
    },
    preflightHeaders(requestedHeaders) {
      return {
        'access-control-max-age': String(PREFLIGHT_MAX_AGE_SECONDS),
        ...(requestedHeaders === undefined ? {} : { 'access-control-allow-headers': requestedHeaders }),
      }
    },
  }
}

function matches(origin: string, pattern: string): boolean {
  if (pattern === '*' || pattern === origin) return true
  const [before, after, ...rest] = pattern.split('*.')
  if (before === undefined || after === undefined || rest.length > 0) return false
  if (!origin.startsWith(before) || !origin.endsWith(`.${after}`)) return false
  const subdomain = origin.slice(before.length, -(after.length + 1))
  return subdomain !== '' && /^[a-z0-9-]+$/.test(subdomain)
}
