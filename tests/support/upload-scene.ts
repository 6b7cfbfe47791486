import { SignJWT } from 'jose'
import { createTokenVerifier } from '../../service/access/verify-token.ts'
import { createServer } from '../../service/api/server.ts'
import { uploadRoutes } from '../../service/api/upload.route.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { countErased } from '../../service/wire-erasure.ts'
import { ADA } from './people.ts'
import type { TestService } from './service.ts'

const JWT_KEY = 'k'.repeat(32)
const NAMESPACE = 'https://hasura.io/jwt/claims'
export const ADDRESS = '/uploads/apple-health'

/** The door for files, of this process. */
export function open(service: TestService) {
  const app = createServer({ listener: 'public', log: service.log, metrics: service.metrics })
  const verifyToken = createTokenVerifier({
    keys: { type: 'HS256', key: new Secret(JWT_KEY) },
    algorithms: ['HS256'],
    issuer: undefined,
    audience: undefined,
    skewSeconds: 0,
    maxLifetimeSeconds: 3_600,
    claimsNamespace: NAMESPACE,
  })
  app.register(uploadRoutes, {
    ...service.uploads,
    verifyToken,
    takeRequest: service.takeRequest,
    isErased: countErased(service),
  })
  return app
}

/** What a signed-in person sends along. */
export async function sign(userId: string, { key = JWT_KEY, roles = ['user'], expires = '5m' } = {}): Promise<string> {
  const claims = { 'x-hasura-user-id': userId, 'x-hasura-allowed-roles': roles, 'x-hasura-default-role': roles[0] }
  const token = new SignJWT({ [NAMESPACE]: claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuedAt()
    .setExpirationTime(expires)
  return `Bearer ${await token.sign(new TextEncoder().encode(key))}`
}

export interface Sent {
  readonly headers?: Record<string, string>
  readonly payload?: Buffer | string
  readonly method?: 'GET' | 'POST'
  readonly url?: string
}

/** As ADA, unless the headers say who. */
export async function send(service: TestService, { headers = {}, payload, method = 'POST', url = ADDRESS }: Sent) {
  const app = open(service)
  const authorization = headers['x-api-key'] === undefined ? { authorization: await sign(ADA) } : {}
  const response = await app.inject({
    method,
    url,
    headers: { ...authorization, ...headers },
    ...(payload !== undefined && { payload }),
  })
  await app.close()
  return { status: response.statusCode, body: response.json<Record<string, unknown>>() }
}

export const ZIP = { 'content-type': 'application/octet-stream' }
