import { SignJWT } from 'jose'
import type { Config } from '../config.ts'

const LIFETIME_SECONDS = 15 * 60

export interface TokenRequest {
  readonly userId: string
  readonly role: string
}

/** A JWT for 15 minutes that the local Hasura accepts. Throws where the key cannot sign (asymmetric keys verify only). */
export async function signToken(jwt: Config['hasura']['jwt'], { userId, role }: TokenRequest): Promise<string> {
  if (jwt === undefined) throw new Error('HASURA_GRAPHQL_JWT_SECRET is not set; start the product with npm start first')
  const { type: alg = 'of another kind', key } = jwt
  if (key === undefined || !/^HS(256|384|512)$/.test(alg))
    throw new Error(`HASURA_GRAPHQL_JWT_SECRET is of type ${alg}: only HS keys can sign here`)
  const claims = { 'x-hasura-allowed-roles': [role], 'x-hasura-default-role': role, 'x-hasura-user-id': userId }
  const now = Math.floor(Date.now() / 1000)
  const token = new SignJWT({ [jwt.claims_namespace]: claims })
    .setProtectedHeader({ alg, typ: 'JWT' })
    .setSubject(userId)
    .setIssuedAt(now)
    .setExpirationTime(now + LIFETIME_SECONDS)
  if (jwt.issuer !== undefined) token.setIssuer(jwt.issuer)
  if (jwt.audience !== undefined) token.setAudience(jwt.audience)
  return token.sign(new TextEncoder().encode(key.reveal()))
}
