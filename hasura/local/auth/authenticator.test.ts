import { generateKeyPairSync } from 'node:crypto'
import { SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { HasuraError } from '../errors.ts'
import { type Authenticate, createAuthenticator } from './authenticator.ts'

const KEY = 'a-key-of-at-least-thirty-two-characters'
const ADMIN = { 'x-hasura-admin-secret': 'swordfish' }
const NAMESPACE = 'https://hasura.io/jwt/claims'
const CLAIMS = {
  'x-hasura-allowed-roles': ['user', 'operator'],
  'x-hasura-default-role': 'user',
  'x-hasura-user-id': '42',
}

interface TokenFacts {
  readonly payload?: Record<string, unknown>
  readonly claims?: unknown
  readonly key?: string
  readonly expiresInSeconds?: number
}

async function tokenOf({ payload = {}, claims = CLAIMS, key = KEY, expiresInSeconds = 60 }: TokenFacts = {}) {
  return new SignJWT({ [NAMESPACE]: claims, ...payload })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime(Math.floor(Date.now() / 1000) + expiresInSeconds)
    .sign(new TextEncoder().encode(key))
}

async function bearer(facts: TokenFacts = {}) {
  return { authorization: `Bearer ${await tokenOf(facts)}` }
}

function withJwt(config: Record<string, unknown> = {}, more: { unauthorizedRole?: string } = {}) {
  return createAuthenticator({
    adminSecret: 'swordfish',
    jwtSecret: JSON.stringify({ type: 'HS256', key: KEY, ...config }),
    ...more,
  })
}

/** `code: message (native status)` of the refusal. */
async function refusal(authenticate: Authenticate, headers: Record<string, string>): Promise<string> {
  const error = await authenticate(headers).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof HasuraError)) throw new Error('was not refused')
  return `${error.code}: ${error.message} (${error.httpStatus})`
}

describe('admin secret', () => {
  test('wrong, is refused even beside a valid token', async () => {
    const headers = { ...(await bearer()), 'x-hasura-admin-secret': 'swordfisH' }
    expect(await refusal(await withJwt(), headers)).toBe('access-denied: invalid "x-hasura-admin-secret" (401)')
  })

  test('empty, is wrong and not absent', async () => {
    expect(
      await refusal(await withJwt({}, { unauthorizedRole: 'anonymous' }), { 'x-hasura-admin-secret': '' }),
    ).toContain('access-denied')
  })

  test('missing, without JWT and unauthorized role', async () => {
    const authenticate = await createAuthenticator({ adminSecret: 'swordfish' })
    expect(await refusal(authenticate, {})).toBe('access-denied: "x-hasura-admin-secret" required, but not found (401)')
  })

  test('right, makes an admin', async () => {
    const session = await (await withJwt())(ADMIN)
    expect(session).toEqual({ role: 'admin', variables: { 'x-hasura-role': 'admin' }, backendOnly: false })
  })

  test('right, acts as whom the headers name and ignores the token', async () => {
    const session = await (await withJwt())({
      ...ADMIN,
      authorization: 'nonsense',
      'x-hasura-role': 'user',
      'x-hasura-user-id': '7',
    })
    expect(session).toEqual({
      role: 'user',
      variables: { 'x-hasura-role': 'user', 'x-hasura-user-id': '7' },
      backendOnly: false,
    })
  })

  test.each([
    ['true', true],
    ['YES', true],
    ['no', false],
  ])('backend-only header %s', async (value, backendOnly) => {
    const headers = { ...ADMIN, 'x-hasura-role': 'user', 'x-hasura-use-backend-only-permissions': value }
    expect(await (await withJwt())(headers)).toMatchObject({ backendOnly })
  })

  test('backend-only header that is no boolean', async () => {
    const headers = { ...ADMIN, 'x-hasura-use-backend-only-permissions': 'perhaps' }
    expect(await refusal(await withJwt(), headers)).toContain('bad-request')
  })

  test('not configured: everyone is admin, or who they say', async () => {
    const authenticate = await createAuthenticator({})
    expect(await authenticate({})).toMatchObject({ role: 'admin' })
    expect(await authenticate({ 'x-hasura-role': 'user' })).toMatchObject({ role: 'user' })
  })
})

describe('token refused', () => {
  const cases: readonly [string, TokenFacts | Record<string, string>, string][] = [
    ['absent', {}, "invalid-headers: Missing 'Authorization' or 'Cookie' header in JWT authentication mode (400)"],
    ['without Bearer', { authorization: 'Basic abc' }, 'invalid-headers: Malformed Authorization header (400)'],
    [
      'not a token',
      { authorization: 'Bearer abc' },
      'invalid-jwt: Could not verify JWT: JWSError (CompactDecodeError) (400)',
    ],
  ]
  test.each(cases)('%s', async (_name, headers, expected) => {
    expect(await refusal(await withJwt(), headers as Record<string, string>)).toBe(expected)
  })

  const tokens: readonly [string, TokenFacts, string][] = [
    [
      'signed with another key',
      { key: 'another-key-of-thirty-two-characters' },
      'invalid-jwt: Could not verify JWT: JWSError JWSInvalidSignature (400)',
    ],
    ['expired', { expiresInSeconds: -1 }, 'invalid-jwt: Could not verify JWT: JWTExpired (400)'],
    [
      'not yet valid',
      { payload: { nbf: Math.floor(Date.now() / 1000) + 60 } },
      'invalid-jwt: Could not verify JWT: JWTNotYetValid (400)',
    ],
    [
      'for another audience',
      { payload: { aud: 'other' } },
      'invalid-jwt: Could not verify JWT: JWTNotInAudience (400)',
    ],
    [
      'for other audiences',
      { payload: { aud: ['other', 'more'] } },
      'invalid-jwt: Could not verify JWT: JWTNotInAudience (400)',
    ],
    ['from another issuer', { payload: { iss: 'other' } }, 'invalid-jwt: Could not verify JWT: JWTNotInIssuer (400)'],
    [
      'without claims',
      { payload: { [NAMESPACE]: undefined } },
      `jwt-invalid-claims: claims key: '${NAMESPACE}' not found (400)`,
    ],
    [
      'without roles',
      { claims: { 'x-hasura-default-role': 'user' } },
      'jwt-missing-role-claims: JWT claim does not contain "x-hasura-allowed-roles" (400)',
    ],
    [
      'without default role',
      { claims: { 'x-hasura-allowed-roles': ['user'] } },
      'jwt-missing-role-claims: JWT claim does not contain "x-hasura-default-role" (400)',
    ],
    [
      'with roles that are no list',
      { claims: { ...CLAIMS, 'x-hasura-allowed-roles': 'user' } },
      'jwt-invalid-claims: invalid "x-hasura-allowed-roles"; should be a list of roles: parsing [] failed, expected Array, but encountered String (400)',
    ],
    [
      'with a number for a variable',
      { claims: { ...CLAIMS, 'x-hasura-user-id': 42 } },
      'jwt-invalid-claims: x-hasura-* claims: parsing Text failed, expected String, but encountered Number (400)',
    ],
  ]
  test.each(tokens)('%s', async (_name, facts, expected) => {
    const authenticate = await withJwt({ audience: 'tributary', issuer: 'us' })
    expect(await refusal(authenticate, await bearer(facts))).toBe(expected)
  })

  test('role not among the allowed ones', async () => {
    const headers = { ...(await bearer()), 'x-hasura-role': 'admin' }
    expect(await refusal(await withJwt(), headers)).toBe(
      'access-denied: Your requested role is not in allowed roles (400)',
    )
  })

  test('audience or issuer absent though required', async () => {
    const authenticate = await withJwt({
      audience: 'tributary',
      issuer: 'us',
      extra_required_claims: ['audience', 'issuer'],
    })
    expect(await refusal(authenticate, await bearer({ payload: { iss: 'us' } }))).toContain('JWTNotInAudience')
    expect(await refusal(authenticate, await bearer({ payload: { aud: 'tributary' } }))).toContain('JWTNotInIssuer')
  })

  test('expired, is an error and not the unauthorized role', async () => {
    const authenticate = await withJwt({}, { unauthorizedRole: 'anonymous' })
    expect(await refusal(authenticate, await bearer({ expiresInSeconds: -1 }))).toContain('JWTExpired')
  })

  test('signed with another algorithm than the configured one', async () => {
    const token = await new SignJWT({ [NAMESPACE]: CLAIMS })
      .setProtectedHeader({ alg: 'HS384' })
      .sign(new TextEncoder().encode(KEY.repeat(2)))
    const authenticate = await withJwt({ key: KEY.repeat(2) })
    expect(await refusal(authenticate, { authorization: `Bearer ${token}` })).toContain('invalid-jwt')
  })

  test('unsigned, or signed with a public key as if it were a secret', async () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const authenticate = await withJwt({ type: 'RS256', key: pem })
    expect(await refusal(authenticate, await bearer({ key: pem }))).toContain('invalid-jwt')
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{}').toString('base64url')}.`
    expect(await refusal(authenticate, { authorization: `Bearer ${unsigned}` })).toContain('invalid-jwt')
  })
})

describe('token accepted', () => {
  test('gives role and variables; request headers add none', async () => {
    const session = await (await withJwt())({ ...(await bearer()), 'x-hasura-user-id': '7', 'x-hasura-org': '1' })
    expect(session.role).toBe('user')
    expect(session.variables).toEqual({ 'x-hasura-role': 'user', 'x-hasura-user-id': '42' })
    expect(session.expiresAt!.getTime()).toBeGreaterThan(Date.now())
  })

  test('lets the header choose an allowed role', async () => {
    expect(await (await withJwt())({ ...(await bearer()), 'x-hasura-role': 'operator' })).toMatchObject({
      role: 'operator',
    })
  })

  test('without audience and issuer, unless they are required', async () => {
    expect(await (await withJwt({ audience: 'tributary', issuer: 'us' }))(await bearer())).toMatchObject({
      role: 'user',
    })
  })

  test('expired within the allowed skew', async () => {
    expect(await (await withJwt({ allowed_skew: 30 }))(await bearer({ expiresInSeconds: -5 }))).toMatchObject({
      role: 'user',
    })
  })

  test('claims at a path, stringified, in any letter case', async () => {
    const authenticate = await withJwt({ claims_namespace_path: '$.hasura.claims', claims_format: 'stringified_json' })
    const claims = JSON.stringify({
      'X-Hasura-Allowed-Roles': ['user'],
      'x-hasura-default-role': 'user',
      'X-Hasura-User-Id': '9',
    })
    const session = await authenticate(await bearer({ payload: { hasura: { claims } } }))
    expect(session.variables).toEqual({ 'x-hasura-role': 'user', 'x-hasura-user-id': '9' })
  })

  test('claims by map: paths, defaults and literals', async () => {
    const claims_map = {
      'x-hasura-allowed-roles': ['user'],
      'x-hasura-default-role': 'user',
      'X-Hasura-User-Id': { path: '$.sub' },
      'x-hasura-org': { path: '$.org', default: 'none' },
    }
    const authenticate = await withJwt({ claims_map })
    expect((await authenticate(await bearer({ payload: { sub: 'abc' } }))).variables).toEqual({
      'x-hasura-role': 'user',
      'x-hasura-user-id': 'abc',
      'x-hasura-org': 'none',
    })
    expect(await refusal(authenticate, await bearer())).toBe(
      'jwt-invalid-claims: JWT claim from claims_map, "x-hasura-user-id" not found (400)',
    )
  })

  test('from a cookie or a header of its own', async () => {
    const token = await tokenOf()
    const fromCookie = await withJwt({ header: { type: 'Cookie', name: 'session' } })
    expect(await fromCookie({ cookie: `other=1; session=${token}` })).toMatchObject({ role: 'user' })
    const fromHeader = await withJwt({ header: { type: 'CustomHeader', name: 'X-Jwt' } })
    expect(await fromHeader({ 'x-jwt': token })).toMatchObject({ role: 'user' })
  })
})

describe('unauthorized role', () => {
  test('is for requests without a token, with variables from their headers and a role they cannot choose', async () => {
    const authenticate = await withJwt({}, { unauthorizedRole: 'anonymous' })
    const session = await authenticate({ 'x-hasura-role': 'user', 'x-hasura-user-id': '7' })
    expect(session).toEqual({
      role: 'anonymous',
      variables: { 'x-hasura-role': 'anonymous', 'x-hasura-user-id': '7' },
      backendOnly: false,
    })
  })
})
