import { createSecretKey, type KeyObject } from 'node:crypto'
import {
  type CryptoKey,
  createRemoteJWKSet,
  errors,
  importSPKI,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose'
import { z } from 'zod'
import { AppError } from '../runtime/errors.ts'
import type { TokenRules } from './settings.ts'

/** Who a verified token says it is. */
export interface TokenIdentity {
  readonly userId: string
  readonly allowedRoles: readonly string[]
  readonly defaultRole: string
  /** Its `x-hasura-*` claims, names in lower case. */
  readonly variables: Readonly<Record<string, string>>
  readonly expiresAt: Date
}

/** Throws request/token_not_accepted, request/token_lives_too_long, access/keys_unavailable. */
export type VerifyToken = (token: string) => Promise<TokenIdentity>

export interface VerifierOptions {
  readonly now?: () => Date
  /** After keys were fetched, an unknown key id does not fetch them again for this long: forged ids must not become requests. */
  readonly refreshCooldownMs?: number
}

const COOLDOWN_MS = 30_000
const KEYS_LIVE_MS = 10 * 60_000
const KEYS_TIMEOUT_MS = 5_000

/**
 * Checks as RFC 8725 asks: algorithm, issuer and audience pinned, `exp` and `iat` required, keys only from the configured place.
 * A key that the identity provider has put in place since is found by its id.
 */
export function createTokenVerifier(rules: TokenRules, options: VerifierOptions = {}): VerifyToken {
  const { now = () => new Date(), refreshCooldownMs = COOLDOWN_MS } = options
  const findKey = keySource(rules, refreshCooldownMs)
  return async (token) => {
    const currentDate = now()
    const { payload } = await jwtVerify(token, findKey, {
      algorithms: [...rules.algorithms],
      ...(rules.issuer === undefined ? {} : { issuer: rules.issuer }),
      ...(rules.audience === undefined ? {} : { audience: [rules.audience].flat() }),
      requiredClaims: ['exp', 'iat'],
      clockTolerance: rules.skewSeconds,
      currentDate,
    }).catch(refuse)
    checkLifetime(payload, rules, currentDate)
    return readIdentity(payload, rules.claimsNamespace)
  }
}

function keySource({ keys, algorithms }: TokenRules, cooldownDuration: number): JWTVerifyGetKey {
  if ('jwksUrl' in keys)
    return createRemoteJWKSet(new URL(keys.jwksUrl), {
      cooldownDuration,
      cacheMaxAge: KEYS_LIVE_MS,
      timeoutDuration: KEYS_TIMEOUT_MS,
    })
  let key: Promise<CryptoKey | KeyObject> | undefined
  return () => {
    key ??= keys.type.startsWith('HS')
      ? Promise.resolve(createSecretKey(Buffer.from(keys.key.reveal())))
      : importSPKI(keys.key.reveal(), algorithms[0] ?? keys.type)
    return key
  }
}

/** A token dated ahead would live longer than it says. */
function checkLifetime({ exp = 0, iat = 0 }: JWTPayload, rules: TokenRules, now: Date): void {
  if (iat > now.getTime() / 1000 + rules.skewSeconds)
    throw new AppError('request/token_not_accepted', { why: 'issued in the future' })
  if (exp - iat > rules.maxLifetimeSeconds)
    throw new AppError('request/token_lives_too_long', { seconds: exp - iat, allowed: rules.maxLifetimeSeconds })
}

const Claims = z
  .record(z.string(), z.unknown())
  .transform((claims) => Object.fromEntries(Object.entries(claims).map(([name, value]) => [name.toLowerCase(), value])))
const Identity = z.object({
  'x-hasura-user-id': z.uuid(),
  'x-hasura-allowed-roles': z.array(z.string()).min(1),
  'x-hasura-default-role': z.string(),
})

function readIdentity(payload: JWTPayload, namespace: string): TokenIdentity {
  const claims = Claims.safeParse(payload[namespace])
  const identity = Identity.safeParse(claims.data)
  if (!claims.success || !identity.success)
    throw new AppError('request/token_not_accepted', { why: 'claims are missing or of another shape' })
  const variables = Object.entries(claims.data).filter(
    (entry): entry is [string, string] => entry[0].startsWith('x-hasura-') && typeof entry[1] === 'string',
  )
  return {
    userId: identity.data['x-hasura-user-id'],
    allowedRoles: identity.data['x-hasura-allowed-roles'],
    defaultRole: identity.data['x-hasura-default-role'],
    variables: Object.fromEntries(variables),
    expiresAt: new Date((payload.exp ?? 0) * 1000),
  }
}

/** The token's fault is a refusal; that the keys cannot be had is ours, and may pass. No cause: its message may quote the token. */
function refuse(cause: unknown): never {
  const isTokens =
    cause instanceof errors.JOSEError && !(cause instanceof errors.JWKSTimeout) && cause.code !== 'ERR_JOSE_GENERIC'
  if (isTokens && !(cause instanceof errors.JWKSInvalid))
    throw new AppError('request/token_not_accepted', { why: cause.code })
  throw new AppError('access/keys_unavailable')
}
