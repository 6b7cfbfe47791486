import { z } from 'zod'
import { Secret } from '../runtime/secret.ts'
import { limitEnvironment, rateLimits } from './limit-settings.ts'
import { tlsEnvironment, tlsProblems, tlsSettings } from './tls-settings.ts'

const MINUTE = 60
/** Hasura takes only PEM or a shared key of at least this length for HS256 (RFC 7518, section 3.2). */
const SHORTEST_KEY = 32

const algorithms = z
  .string()
  .transform((list) => list.split(',').map((name) => name.trim()))
  .pipe(
    z
      .array(
        z.enum([
          'HS256',
          'HS384',
          'HS512',
          'RS256',
          'RS384',
          'RS512',
          'ES256',
          'ES384',
          'ES512',
          'PS256',
          'PS384',
          'PS512',
          'EdDSA',
        ]),
      )
      .min(1),
  )

/** HASURA_GRAPHQL_JWT_SECRET, as Hasura has it: a key with its type, or the address of a key set. */
const JwtSecret = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown
    } catch {
      context.addIssue({
        code: 'custom',
        message: "is not JSON; see HASURA_GRAPHQL_JWT_SECRET in Hasura's documentation",
      })
      return z.NEVER
    }
  })
  .pipe(
    z
      .object({
        type: z.string().optional(),
        key: z
          .string()
          .min(SHORTEST_KEY)
          .transform((value) => new Secret(value))
          .optional(),
        jwk_url: z.url({ protocol: /^https?$/ }).optional(),
        issuer: z.string().min(1).optional(),
        audience: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]).optional(),
        claims_namespace: z.string().default('https://hasura.io/jwt/claims'),
        claims_map: z.never('is not supported here: give a claims_namespace').optional(),
        claims_namespace_path: z.never('is not supported here: give a claims_namespace').optional(),
        claims_format: z.literal('json').optional(),
        allowed_skew: z.int().min(0).max(MINUTE).default(0),
      })
      .refine(
        ({ key, jwk_url }) => (key === undefined) !== (jwk_url === undefined),
        'needs exactly one of key and jwk_url',
      )
      .refine(({ key, type }) => key === undefined || type !== undefined, 'needs the type of its key'),
  )
export type JwtSecret = z.infer<typeof JwtSecret>

const proxies = z
  .string()
  .transform((list) => list.split(',').map((one) => one.trim()))
  .pipe(z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])).min(1))

export const accessEnvironment = {
  ...limitEnvironment,
  ...tlsEnvironment,
  /** Whose X-Forwarded-For is believed; everybody else's is dropped. */
  TRUSTED_PROXIES: proxies.optional(),
  METRICS_NEED_API_KEY: z
    .enum(['true', 'false'])
    .transform((value) => value === 'true')
    .default(false),
  HASURA_GRAPHQL_JWT_SECRET: JwtSecret.optional(),
  /** Pinned; by default the type of the key, or RS256 for a key set. */
  JWT_ALGORITHMS: algorithms.optional(),
  /** Automatic logoff (45 CFR 164.312(a)(2)(iii)): a token that lives longer is refused. */
  JWT_MAX_LIFETIME_SECONDS: z.coerce
    .number()
    .int()
    .min(MINUTE)
    .max(60 * MINUTE)
    .default(15 * MINUTE),
}

type AccessEnvironment = z.infer<z.ZodObject<typeof accessEnvironment>>

/** Which tokens are accepted; undefined: none can be checked here. */
export interface TokenRules {
  readonly keys: { readonly type: string; readonly key: Secret } | { readonly jwksUrl: string }
  readonly algorithms: readonly string[]
  readonly issuer: string | undefined
  readonly audience: string | readonly string[] | undefined
  readonly claimsNamespace: string
  readonly skewSeconds: number
  readonly maxLifetimeSeconds: number
}

export function accessSettings(env: AccessEnvironment) {
  return {
    tokens: tokenRules(env),
    limits: rateLimits(env),
    tls: tlsSettings(env),
    trustedProxies: env.TRUSTED_PROXIES ?? [],
    metricsNeedApiKey: env.METRICS_NEED_API_KEY,
  }
}

function tokenRules(env: AccessEnvironment): TokenRules | undefined {
  const jwt = env.HASURA_GRAPHQL_JWT_SECRET
  if (jwt === undefined) return undefined
  const { type = 'RS256', key, jwk_url: jwksUrl = '' } = jwt
  return {
    keys: key === undefined ? { jwksUrl } : { type, key },
    algorithms: env.JWT_ALGORITHMS ?? [type],
    issuer: jwt.issuer,
    audience: jwt.audience,
    claimsNamespace: jwt.claims_namespace,
    skewSeconds: jwt.allowed_skew,
    maxLifetimeSeconds: env.JWT_MAX_LIFETIME_SECONDS,
  }
}

/** Settings that contradict each other, or that a production instance must not have: a line each. */
export function accessProblems(env: (AccessEnvironment & { NODE_ENV: string }) | undefined): string[] {
  return env === undefined ? [] : [...tlsProblems(env), ...jwtProblems(env, env.NODE_ENV === 'production')]
}

function jwtProblems(
  { HASURA_GRAPHQL_JWT_SECRET: jwt, JWT_ALGORITHMS: pinned = [] }: AccessEnvironment,
  isProduction: boolean,
): string[] {
  if (jwt === undefined) return []
  const isShared = jwt.type?.startsWith('HS') === true && jwt.jwk_url === undefined
  return [
    // A public key that is taken for a shared one lets anybody sign (RFC 8725, section 2.1).
    ...(pinned.some((name) => name.startsWith('HS')) && !isShared ? ['JWT_ALGORITHMS: HS needs a shared key'] : []),
    ...(isProduction && (jwt.issuer === undefined || jwt.audience === undefined)
      ? ['HASURA_GRAPHQL_JWT_SECRET: issuer and audience are required in production']
      : []),
    ...(isProduction && jwt.jwk_url?.startsWith('http:') === true
      ? ['HASURA_GRAPHQL_JWT_SECRET: jwk_url must be https in production']
      : []),
  ]
}
