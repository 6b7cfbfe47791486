import { z } from 'zod'
import { type Environment, getVariable } from './environment.ts'

/** What the engine reads from `HASURA_GRAPHQL_*`, with Hasura's defaults. Durations are milliseconds here. */
export interface Settings {
  readonly adminSecret: string | undefined
  readonly jwtSecret: string | undefined
  readonly unauthorizedRole: string | undefined
  readonly host: string
  readonly enabledApis: ReadonlySet<string>
  readonly devMode: boolean
  readonly adminInternalErrors: boolean
  readonly preserve401Errors: boolean
  /** Comma-separated origins, `*` in a host for any subdomain; undefined when CORS is switched off. */
  readonly corsDomain: string | undefined
  readonly configuredHeaderPrecedence: boolean
  /** Roles other than admin may send only what the allow list holds. */
  readonly allowlistEnabled: boolean
  /** bigint, numeric, float8 and money are strings in answers. */
  readonly stringifyNumericTypes: boolean
  readonly liveQueryIntervalMs: number
  readonly eventsFetchIntervalMs: number
  readonly eventsFetchBatchSize: number
  readonly eventsHttpPoolSize: number
  readonly eventProcessing: boolean
  readonly gracefulShutdownMs: number
  readonly websocketKeepaliveMs: number
  readonly websocketInitTimeoutMs: number
  readonly websocketQueueSize: number
}

const PREFIX = 'HASURA_GRAPHQL_'

/** Settings that would change answers here if we understood them: refused, so that nothing silently differs. */
const REFUSED: Readonly<Record<string, (value: string) => boolean>> = {
  AUTH_HOOK: () => true,
  JWT_SECRETS: () => true,
  V1_BOOLEAN_NULL_COLLAPSE: isTrue,
  BACKWARDS_COMPAT_NULL_IN_NONNULLABLE_VARIABLES: isTrue,
  EXPERIMENTAL_FEATURES: () => true,
  DEFAULT_NAMING_CONVENTION: (value) => value !== 'hasura-default',
}

/** Throws one error naming the variable that is malformed or not implemented; never its value, which may be a secret. */
export function readSettings(env: Environment): Settings {
  refuseUnimplemented(env)
  const read = settingReader(env)
  return {
    adminSecret: getVariable(env, `${PREFIX}ADMIN_SECRET`),
    jwtSecret: getVariable(env, `${PREFIX}JWT_SECRET`),
    unauthorizedRole: getVariable(env, `${PREFIX}UNAUTHORIZED_ROLE`),
    // Hasura listens everywhere; a stand-in with development secrets stays on this machine unless it is told.
    host: getVariable(env, `${PREFIX}SERVER_HOST`) ?? '127.0.0.1',
    enabledApis: new Set(
      (getVariable(env, `${PREFIX}ENABLED_APIS`) ?? 'metadata,graphql').split(',').map((api) => api.trim()),
    ),
    devMode: read.flag('DEV_MODE', false),
    adminInternalErrors: read.flag('ADMIN_INTERNAL_ERRORS', true),
    preserve401Errors: read.flag('PRESERVE_401_ERRORS', false),
    corsDomain: read.flag('DISABLE_CORS', false) ? undefined : (getVariable(env, `${PREFIX}CORS_DOMAIN`) ?? '*'),
    configuredHeaderPrecedence: read.flag('CONFIGURED_HEADER_PRECEDENCE', false),
    allowlistEnabled: read.flag('ENABLE_ALLOWLIST', false),
    stringifyNumericTypes: read.flag('STRINGIFY_NUMERIC_TYPES', false),
    liveQueryIntervalMs: read.count('LIVE_QUERIES_MULTIPLEXED_REFETCH_INTERVAL', 1000),
    eventsFetchIntervalMs: read.count('EVENTS_FETCH_INTERVAL', 1000),
    eventsFetchBatchSize: read.count('EVENTS_FETCH_BATCH_SIZE', 100),
    eventsHttpPoolSize: read.count('EVENTS_HTTP_POOL_SIZE', 100),
    eventProcessing: !read.flag('DISABLE_EVENT_PROCESSING', false) && !read.flag('DISABLE_EVENTING', false),
    gracefulShutdownMs: read.count('GRACEFUL_SHUTDOWN_TIMEOUT', 60) * 1000,
    websocketKeepaliveMs: read.count('WEBSOCKET_KEEPALIVE', 5) * 1000,
    websocketInitTimeoutMs: read.count('WEBSOCKET_CONNECTION_INIT_TIMEOUT', 3) * 1000,
    websocketQueueSize: read.count('WEBSOCKET_QUEUE_SIZE', 100),
  }
}

function refuseUnimplemented(env: Environment): void {
  for (const [name, isRefused] of Object.entries(REFUSED)) {
    const value = getVariable(env, PREFIX + name)
    if (value !== undefined && isRefused(value))
      throw new Error(`${PREFIX}${name}: not implemented by the stand-in engine`)
  }
}

function settingReader(env: Environment) {
  const parse = <T>(name: string, schema: z.ZodType<T>, fallback: T): T => {
    const value = getVariable(env, PREFIX + name)
    if (value === undefined) return fallback
    const parsed = schema.safeParse(value)
    if (!parsed.success) throw new Error(`${PREFIX}${name}: ${parsed.error.issues[0]?.message ?? 'not valid'}`)
    return parsed.data
  }
  return {
    flag: (name: string, fallback: boolean) => parse(name, z.string().transform(isTrue), fallback),
    count: (name: string, fallback: number) => parse(name, z.coerce.number().nonnegative(), fallback),
  }
}

function isTrue(value: string): boolean {
  return ['true', 't', 'yes', 'y', '1'].includes(value.toLowerCase())
}
