import { createSecretKey } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { importJWK, importSPKI, importX509, type JWTPayload, jwtVerify } from 'jose'
import { z } from 'zod'
import { authenticateApiKey, hasApiKey } from '../access/authenticate-api-key.ts'
import type { Db } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import type { Secret } from '../runtime/secret.ts'

/** Who uploads. Throws access/*, request/not_authorized, request/no_user. */
export type AuthenticateUpload = (headers: IncomingHttpHeaders, platform: string) => Promise<{ userId: string }>

export interface UploadJwt {
  readonly type: string
  readonly key: Secret
  readonly issuer?: string | undefined
  readonly audience?: string | undefined
  readonly claims_namespace: string
}

/** An API key with scope `upload:<platform>`, or the JWT that Hasura accepts, of a person in role user. */
export function createUploadAuthentication(db: Db, jwt: UploadJwt | undefined): AuthenticateUpload {
  return async (headers, platform) => {
    if (hasApiKey(headers)) return { userId: await holderOf(db, headers, platform) }
    const token = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1]
    if (token === undefined || jwt === undefined) throw new AppError('request/not_authorized')
    return { userId: readUser(await verify(token, jwt), jwt.claims_namespace) }
  }
}

async function holderOf(db: Db, headers: IncomingHttpHeaders, platform: string): Promise<string> {
  const { userId } = await authenticateApiKey(db, { headers, scope: `upload:${platform}` })
  if (userId === null) throw new AppError('request/no_user')
  return userId
}

async function verify(token: string, { type, key, issuer, audience }: UploadJwt): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, await importKey(type, key.reveal()), {
      algorithms: [type],
      ...(issuer !== undefined && { issuer }),
      ...(audience !== undefined && { audience }),
      requiredClaims: ['exp'],
    })
    return payload
  } catch (cause) {
    throw new AppError('request/not_authorized', {}, { cause })
  }
}

async function importKey(type: string, key: string) {
  if (type.startsWith('HS')) return createSecretKey(Buffer.from(key, 'utf8'))
  if (key.trimStart().startsWith('{')) return importJWK(z.record(z.string(), z.string()).parse(JSON.parse(key)), type)
  return key.includes('BEGIN CERTIFICATE') ? importX509(key, type) : importSPKI(key, type)
}

const Claims = z.object({
  'x-hasura-user-id': z.uuid(),
  'x-hasura-allowed-roles': z.array(z.string()).refine((roles) => roles.includes('user')),
})

/** Hasura reads its claims as an object, or as JSON text (`claims_format: stringified_json`). */
function readUser(payload: JWTPayload, namespace: string): string {
  const given = payload[namespace]
  const claims = Claims.safeParse(typeof given === 'string' ? parseOrNothing(given) : given)
  if (!claims.success) throw new AppError('request/no_user')
  return claims.data['x-hasura-user-id']
}

function parseOrNothing(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
