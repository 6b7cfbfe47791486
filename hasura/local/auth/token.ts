import { createPublicKey, type KeyObject } from 'node:crypto'
import { type CompactVerifyGetKey, compactVerify, errors } from 'jose'
import { HasuraError } from '../errors.ts'
import type { JwtConfig } from './jwt-config.ts'
import { fetchKeySet } from './key-set.ts'

export type TokenPayload = Readonly<Record<string, unknown>>
/** The payload of a token whose signature, life, audience and issuer are right. Throws HasuraError. */
export type VerifyToken = (token: string) => Promise<TokenPayload>

const ASYMMETRIC = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

/** Throws when the key cannot be read or the JWKS cannot be fetched. */
export async function createTokenVerifier(config: JwtConfig): Promise<VerifyToken> {
  const verifySignature = config.jwk_url === undefined ? withKey(config) : await withKeySet(config.jwk_url)
  return async (token) => {
    const payload = await verifySignature(token)
    checkLife(payload, config.allowed_skew)
    checkAddressee(payload, config)
    return payload
  }
}

function withKey(config: JwtConfig): VerifyToken {
  const { type = 'HS256', key = '' } = config
  const algorithms = type === 'Ed25519' ? ['Ed25519', 'EdDSA'] : [type]
  const imported = type.startsWith('HS') ? new TextEncoder().encode(key) : publicKey(key)
  return (token) => parsePayload(compactVerify(token, imported, { algorithms }))
}

function publicKey(pem: string): KeyObject {
  try {
    return createPublicKey(pem)
  } catch {
    throw new Error('HASURA_GRAPHQL_JWT_SECRET: key is neither a PEM public key nor a certificate')
  }
}

async function withKeySet(url: string): Promise<VerifyToken> {
  const keys = await fetchKeySet(url)
  return async (token) => {
    const set = await keys()
    return parsePayload(verifyWithAny(token, set))
  }
}

/** A token without a key id may fit several keys of the set: one that verifies is enough. */
async function verifyWithAny(token: string, set: CompactVerifyGetKey): Promise<{ payload: Uint8Array }> {
  try {
    return await compactVerify(token, set, { algorithms: ASYMMETRIC })
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
    for await (const key of error) {
      const verified = await compactVerify(token, key, { algorithms: ASYMMETRIC }).catch(() => undefined)
      if (verified !== undefined) return verified
    }
    throw new errors.JWSSignatureVerificationFailed()
  }
}

async function parsePayload(verification: Promise<{ payload: Uint8Array }>): Promise<TokenPayload> {
  const { payload } = await verification.catch((error: unknown) => {
    throw notVerified(reasonOf(error))
  })
  const claims = parseJson(new TextDecoder().decode(payload))
  if (typeof claims !== 'object' || claims === null) throw notVerified('JWTClaimsSetDecodeError')
  return { ...claims }
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'JWSError JWSInvalidSignature'
  if (error instanceof errors.JOSEAlgNotAllowed) return 'JWSError (AlgorithmNotSupported)'
  if (error instanceof errors.JWKSNoMatchingKey) return 'JWSError JWSNoValidSignatures'
  return 'JWSError (CompactDecodeError)'
}

function checkLife(payload: TokenPayload, skewSeconds: number): void {
  const nowSeconds = Date.now() / 1000
  if (typeof payload.exp === 'number' && nowSeconds > payload.exp + skewSeconds) throw notVerified('JWTExpired')
  if (typeof payload.nbf === 'number' && nowSeconds < payload.nbf - skewSeconds) throw notVerified('JWTNotYetValid')
}

/** A token that names no audience or issuer passes unless the configuration asks for them. */
function checkAddressee(payload: TokenPayload, config: JwtConfig): void {
  const { audience, issuer, extra_required_claims: required } = config
  const audiences: unknown[] = [payload.aud ?? []].flat()
  const missesAudience =
    payload.aud === undefined
      ? required.includes('audience')
      : !audiences.some((one) => typeof one === 'string' && audience?.includes(one))
  if (audience !== undefined && missesAudience) throw notVerified('JWTNotInAudience')
  const missesIssuer = payload.iss === undefined ? required.includes('issuer') : payload.iss !== issuer
  if (issuer !== undefined && missesIssuer) throw notVerified('JWTNotInIssuer')
}

function notVerified(reason: string): HasuraError {
  return new HasuraError({ code: 'invalid-jwt', message: `Could not verify JWT: ${reason}` })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
