import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { TokenRules } from '../../service/access/settings.ts'
import { createTokenVerifier } from '../../service/access/verify-token.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { ADA } from '../support/people.ts'

const NAMESPACE = 'https://hasura.io/jwt/claims'
const NOW = new Date('2026-03-01T12:00:00Z')
const now = () => NOW
const SECONDS = NOW.getTime() / 1000
const SHARED = 'k'.repeat(40)

const claims = { 'x-hasura-user-id': ADA, 'x-hasura-allowed-roles': ['user'], 'x-hasura-default-role': 'user' }
const good = { iss: 'https://id.example', aud: 'tributary', iat: SECONDS - 10, exp: SECONDS + 600, [NAMESPACE]: claims }
const rules: TokenRules = {
  keys: { type: 'HS256', key: new Secret(SHARED) },
  algorithms: ['HS256'],
  issuer: 'https://id.example',
  audience: 'tributary',
  claimsNamespace: NAMESPACE,
  skewSeconds: 0,
  maxLifetimeSeconds: 900,
}

type Header = { alg: string; kid?: string }
const sign = (payload: JWTPayload, key: Uint8Array | CryptoKey, header: Header) =>
  new SignJWT(payload).setProtectedHeader(header).sign(key)
const shared = (payload: JWTPayload, alg = 'HS256') => sign(payload, new TextEncoder().encode(SHARED), { alg })
const without = (name: string) => Object.fromEntries(Object.entries(good).filter(([key]) => key !== name))
const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')

const REFUSED = { code: 'request/token_not_accepted' }

describe('a token is refused', () => {
  test.for<[string, JWTPayload]>([
    ['another issuer', { ...good, iss: 'https://evil.example' }],
    ['no issuer', without('iss')],
    ['another audience', { ...good, aud: 'another-app' }],
    ['no audience', without('aud')],
    ['an end in the past', { ...good, exp: SECONDS - 1 }],
    ['no end', without('exp')],
    ['no beginning, so that its length cannot be known', without('iat')],
    ['a beginning ahead, which would hide its length', { ...good, iat: SECONDS + 86_400, exp: SECONDS + 87_000 }],
    ['a time before which it is not to be used', { ...good, nbf: SECONDS + 5 }],
    ['no claims', without(NAMESPACE)],
    ['claims that are text', { ...good, [NAMESPACE]: JSON.stringify(claims) }],
    ['claims under another name', { ...without(NAMESPACE), claims }],
    ['no user', { ...good, [NAMESPACE]: { ...claims, 'x-hasura-user-id': undefined } }],
    ['a user that is no id', { ...good, [NAMESPACE]: { ...claims, 'x-hasura-user-id': '1; drop' } }],
    ['no roles', { ...good, [NAMESPACE]: { ...claims, 'x-hasura-allowed-roles': [] } }],
  ])('with %s', async ([, payload]) => {
    await expect(createTokenVerifier(rules, { now })(await shared(payload))).rejects.toMatchObject(REFUSED)
  })

  test.for<[string, () => Promise<string>]>([
    ['without a signature', async () => `${encode({ alg: 'none' })}.${encode(good)}.`],
    ['signed by another key', () => sign(good, new TextEncoder().encode('x'.repeat(40)), { alg: 'HS256' })],
    ['signed with another algorithm of the same key', () => shared(good, 'HS512')],
    [
      'that was changed',
      async () => (await shared(good)).replace(/\.(.)/, (_all, letter) => `.${letter === 'e' ? 'f' : 'e'}`),
    ],
    ['that is no token', async () => 'canary-token'],
  ])('%s', async ([, make]) => {
    const error = await createTokenVerifier(rules, { now })(await make()).catch((thrown: Error) => thrown)
    expect(error).toMatchObject(REFUSED)
    expect(JSON.stringify(error)).not.toContain('canary')
  })

  test('that was signed with the public key as if that were a shared one', async () => {
    const { publicKey } = await generateKeyPair('ES256', { extractable: true })
    const pem = await exportSPKI(publicKey)
    const verify = createTokenVerifier(
      { ...rules, keys: { type: 'ES256', key: new Secret(pem) }, algorithms: ['ES256'] },
      { now },
    )
    const forged = await sign(good, new TextEncoder().encode(pem), { alg: 'HS256' })
    await expect(verify(forged)).rejects.toMatchObject(REFUSED)
  })

  test.for([
    [900, 'accepted'],
    [901, 'request/token_lives_too_long'],
    [86_400, 'request/token_lives_too_long'],
  ] as const)('when it lives for %i seconds in all: %s', async ([life, expected]) => {
    const verified = createTokenVerifier(rules, { now })(await shared({ ...good, exp: good.iat + life }))
    expect(
      await verified.then(
        () => 'accepted',
        (error: { code: string }) => error.code,
      ),
    ).toBe(expected)
  })

  test('a second after the skew allowed for clocks, and no earlier', async () => {
    const verify = createTokenVerifier({ ...rules, skewSeconds: 5 }, { now })
    await expect(verify(await shared({ ...good, exp: SECONDS - 4 }))).resolves.toBeDefined()
    await expect(verify(await shared({ ...good, exp: SECONDS - 5 }))).rejects.toMatchObject(REFUSED)
    await expect(verify(await shared({ ...good, iat: SECONDS + 5 }))).resolves.toBeDefined()
    await expect(verify(await shared({ ...good, iat: SECONDS + 6 }))).rejects.toMatchObject(REFUSED)
  })
})

test('a good token says whose it is', async () => {
  const variables = { ...claims, 'X-Hasura-Team': 'blue' }
  expect(await createTokenVerifier(rules, { now })(await shared({ ...good, [NAMESPACE]: variables }))).toEqual({
    userId: ADA,
    allowedRoles: ['user'],
    defaultRole: 'user',
    variables: { 'x-hasura-user-id': ADA, 'x-hasura-default-role': 'user', 'x-hasura-team': 'blue' },
    expiresAt: new Date('2026-03-01T12:10:00Z'),
  })
})

interface Provider {
  readonly url: string
  fetches: number
  answer: { status: number; body: string }
}

/** An identity provider's key set, over HTTP. */
async function provider(): Promise<Provider> {
  const state: Provider = { url: '', fetches: 0, answer: { status: 200, body: '{"keys":[]}' } }
  const server: Server = createServer((_request, response) => {
    state.fetches += 1
    response
      .writeHead(state.answer.status, { 'content-type': 'application/json', location: state.url })
      .end(state.answer.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return Object.assign(state, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys` })
}

async function keyPair(kid: string) {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  return {
    jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' },
    privateKey,
    header: { alg: 'ES256', kid },
  }
}
const keySet = (...keys: { jwk: object }[]) => ({
  status: 200,
  body: JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }),
})

describe('keys from the identity provider', () => {
  const remote = (url: string): TokenRules => ({ ...rules, keys: { jwksUrl: url }, algorithms: ['ES256'] })

  test('are fetched once for many tokens, and again when a new key signs', async () => {
    const [old, fresh, at] = [await keyPair('old'), await keyPair('fresh'), await provider()]
    at.answer = keySet(old)
    const verify = createTokenVerifier(remote(at.url), { now, refreshCooldownMs: 0 })
    const token = await sign(good, old.privateKey, old.header)
    await Promise.all(Array.from({ length: 10 }, () => verify(token)))
    expect(at.fetches).toBe(1)
    at.answer = keySet(fresh, old)
    await expect(verify(await sign(good, fresh.privateKey, fresh.header))).resolves.toMatchObject({ userId: ADA })
    await expect(verify(token)).resolves.toMatchObject({ userId: ADA })
    expect(at.fetches).toBe(2)
  })

  test('are not fetched again for forged key ids while the cooldown lasts', async () => {
    const [known, forger, at] = [await keyPair('known'), await keyPair('forged'), await provider()]
    at.answer = keySet(known)
    const verify = createTokenVerifier(remote(at.url), { now, refreshCooldownMs: 60_000 })
    await verify(await sign(good, known.privateKey, known.header))
    for (const kid of ['a', 'b', 'c'])
      await expect(verify(await sign(good, forger.privateKey, { alg: 'ES256', kid }))).rejects.toMatchObject(REFUSED)
    expect(at.fetches).toBe(1)
  })

  test('of another signer under a known id do not help', async () => {
    const [known, forger, at] = [await keyPair('known'), await keyPair('known'), await provider()]
    at.answer = keySet(known)
    const verify = createTokenVerifier(remote(at.url), { now })
    await expect(verify(await sign(good, forger.privateKey, forger.header))).rejects.toMatchObject(REFUSED)
  })

  test.for([
    ['fails', { status: 500, body: 'canary' }],
    ['sends the caller elsewhere', { status: 302, body: '' }],
    ['answers something else', { status: 200, body: 'canary' }],
  ])('that %s make the answer "try again", not "sign in again"', async ([, answer]) => {
    const [signer, at] = [await keyPair('a'), await provider()]
    at.answer = answer as Provider['answer']
    const verify = createTokenVerifier(remote(at.url), { now })
    await expect(verify(await sign(good, signer.privateKey, signer.header))).rejects.toMatchObject({
      code: 'access/keys_unavailable',
    })
  })
})
