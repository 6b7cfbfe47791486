import { SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { createTokenVerifier } from '../../service/access/verify-token.ts'
import { actionRoutes, type BoundAction } from '../../service/api/actions.ts'
import { createServer } from '../../service/api/server.ts'
import { createMetrics } from '../../service/monitoring/metrics.ts'
import { createLog } from '../../service/runtime/log.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { ADA, BELA } from '../support/people.ts'

const SECRET = 'a'.repeat(32)
const OLD_SECRET = 'o'.repeat(32)
const SHARED = 'k'.repeat(40)
const NAMESPACE = 'https://hasura.io/jwt/claims'
const verifyToken = createTokenVerifier({
  keys: { type: 'HS256', key: new Secret(SHARED) },
  algorithms: ['HS256'],
  issuer: undefined,
  audience: undefined,
  claimsNamespace: NAMESPACE,
  skewSeconds: 0,
  maxLifetimeSeconds: 900,
})

interface Token {
  readonly userId?: string
  readonly roles?: readonly string[]
  readonly seconds?: number
}

async function token({ userId = ADA, roles = ['user'], seconds = 600 }: Token = {}): Promise<string> {
  const iat = Math.floor(Date.now() / 1000)
  const claims = { 'x-hasura-user-id': userId, 'x-hasura-allowed-roles': roles, 'x-hasura-default-role': roles[0] }
  const jwt = new SignJWT({ [NAMESPACE]: claims }).setProtectedHeader({ alg: 'HS256' }).setIssuedAt(iat)
  return `Bearer ${await jwt.setExpirationTime(iat + seconds).sign(new TextEncoder().encode(SHARED))}`
}

interface Call {
  readonly headers?: Record<string, string>
  readonly session?: Record<string, string>
  readonly name?: string
  readonly verifier?: typeof verifyToken | undefined
  readonly input?: object
  /** `<role> <platform>` */
  readonly restricted?: string
}

/** Calls as Hasura would, over a real Fastify; answers the code of the refusal, or who was believed to call. */
async function call({
  headers = {},
  session = {},
  name = 'probe',
  input = {},
  restricted,
  ...options
}: Call): Promise<unknown> {
  const action = (of: string, roles: readonly string[]): BoundAction => ({
    name: of,
    roles,
    endsConsent: of === 'takeBack',
    call: async (_input, caller) => caller,
  })
  const metrics = createMetrics()
  const app = createServer({ listener: 'internal', log: createLog({ level: 'silent', process: 'test' }), metrics })
  app.register(actionRoutes, {
    actionSecret: new Secret(SECRET),
    previousActionSecret: new Secret(OLD_SECRET),
    findRestriction: async (role, platform) => `${role} ${platform}` === restricted,
    isErased: async () => false,
    actions: [action('probe', ['user']), action('takeBack', ['user']), action('administer', ['operator'])],
    takeRequest: async (name) => ({
      name,
      limit: { requests: 9, seconds: 60 },
      allowed: true,
      remaining: 9,
      resetSeconds: 60,
    }),
    verifyToken: 'verifier' in options ? options.verifier : verifyToken,
  })
  const response = await app.inject({
    method: 'POST',
    url: `/actions/${name}`,
    headers: { 'x-action-secret': SECRET, ...headers },
    payload: {
      action: { name },
      input,
      session_variables: { 'x-hasura-user-id': ADA, 'x-hasura-role': 'user', ...session },
    },
  })
  await app.close()
  const body = response.json<{ extensions?: { code: string } }>()
  return response.statusCode === 200 ? body : [response.statusCode, body.extensions?.code]
}

describe('an action is refused', () => {
  test.for([
    ['a forged user id and no secret', { 'x-action-secret': '', 'x-hasura-user-id': BELA }],
    ['a secret that is a prefix', { 'x-action-secret': 'a'.repeat(31) }],
    ['a longer secret', { 'x-action-secret': 'a'.repeat(33) }],
  ] as const)('to whoever calls directly with %s', async ([, headers]) => {
    expect(await call({ headers })).toEqual([401, 'request/not_authorized'])
  })

  test.for([
    ['another person', { userId: BELA }, 'request/identity_mismatch'],
    ['the person in other roles', { roles: ['auditor'] }, 'request/identity_mismatch'],
    ['the person, expired', { seconds: -1 }, 'request/token_not_accepted'],
    ['the person, living too long', { seconds: 901 }, 'request/token_lives_too_long'],
  ] as const)('when the token that comes along is of %s', async ([, options, code]) => {
    expect(await call({ headers: { authorization: await token(options) } })).toEqual([401, code])
  })

  test('when what comes along is no token, or cannot be checked', async () => {
    expect(await call({ headers: { authorization: 'Basic YTpi' } })).toEqual([401, 'request/token_not_accepted'])
    const authorization = await token()
    expect(await call({ headers: { authorization }, verifier: undefined })).toEqual([401, 'request/token_not_accepted'])
  })

  test.for<[string, string]>([
    ['probe', 'operator'],
    ['probe', 'admin'],
    ['administer', 'user'],
    ['administer', 'auditor'],
  ])('that is %s to role %s, whatever Hasura allowed', async ([name, role]) => {
    expect(await call({ name, session: { 'x-hasura-role': role } })).toEqual([403, 'request/role_not_allowed'])
  })
})

describe('a sign-in that covers Strava alone', () => {
  const only = (platforms: string) => ({ 'x-hasura-allowed-platforms': platforms })

  test.for([
    ['{strava}', 'garmin'],
    ['{strava}', 'strav'],
    ['{strava-lab,x-strava}', 'strava'],
    ['{}', 'strava'],
    ['strava', 'strava'],
    ['', 'strava'],
  ] as const)('(%j) is refused for %s', async ([claim, platform]) => {
    expect(await call({ session: only(claim), input: { platform } })).toEqual([403, 'access/platform_not_allowed'])
  })

  test('may do for Strava what it could, and without the claim every platform is covered', async () => {
    const asAda = { userId: ADA, role: 'user' }
    expect(await call({ session: only('{garmin,strava}'), input: { platform: 'strava' } })).toMatchObject(asAda)
    expect(await call({ input: { platform: 'garmin' } })).toMatchObject(asAda)
  })
})

describe('a role that is kept from a platform', () => {
  const [restricted, input] = ['user garmin', { platform: 'garmin' }]

  test('is refused what names that platform, and nothing else', async () => {
    expect(await call({ restricted, input })).toEqual([403, 'access/platform_restricted'])
    expect(await call({ restricted, input: { platform: 'strava' } })).toMatchObject({ userId: ADA })
    expect(await call({ restricted: 'auditor garmin', input })).toMatchObject({ userId: ADA })
  })

  test('can take consent back all the same, as far as its sign-in reaches', async () => {
    expect(await call({ restricted, input, name: 'takeBack' })).toMatchObject({ userId: ADA })
    const session = { 'x-hasura-allowed-platforms': '{strava}' }
    expect(await call({ restricted, input, name: 'takeBack', session })).toEqual([403, 'access/platform_not_allowed'])
  })
})

test('while the secret is rotated, the one before it is accepted as well', async () => {
  expect(await call({ headers: { 'x-action-secret': OLD_SECRET } })).toMatchObject({ userId: ADA })
})

test('an action is called by whom Hasura verified, whatever headers say', async () => {
  expect(await call({ headers: { 'x-hasura-user-id': BELA, 'x-hasura-role': 'operator' } })).toMatchObject({
    userId: ADA,
    role: 'user',
  })
  expect(await call({ headers: { authorization: await token() } })).toMatchObject({ userId: ADA, role: 'user' })
})
