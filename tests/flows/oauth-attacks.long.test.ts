import Fastify from 'fastify'
import { describe, expect } from 'vitest'
import { oauthCallbackRoute } from '../../service/api/oauth-callback.route.ts'
import { acceptCallback } from '../../service/connections/accept-callback.ts'
import { completeConnection } from '../../service/connections/complete-connection.ts'
import { startConnection } from '../../service/connections/start-connection.ts'
import { connect, obtainHandle, type TestServices, test, withOAuth } from '../support/connections.ts'
import type { TestDatabase } from '../support/database.ts'
import type { FakePlatform } from '../support/fake-platform.ts'

const alice = '0e0c8a6e-1c1f-4a52-9b26-5d1f3c0c1a01'
const mallory = '0e0c8a6e-1c1f-4a52-9b26-5d1f3c0c1a66'
const ISSUER = 'https://acme.example.com'
const answer = { platform: 'acme', error: undefined, scope: 'read,activity:read_all' }

async function approved({ services, fake }: { services: TestServices; fake: FakePlatform }, userId = alice) {
  const { authorizationUrl } = await startConnection(services, { userId, platform: 'acme' })
  return fake.approve(authorizationUrl, { account: '4711' })
}

async function nothingCameOfIt({ admin }: TestDatabase, fake: FakePlatform): Promise<void> {
  expect(fake.tokenRequests).toEqual([])
  expect((await admin.query('select 1 from public.connections')).rowCount).toBe(0)
}

describe('a session that somebody else began', () => {
  test('is of no use to its victim or its attacker, with a server that ignores PKCE too', async ({
    db,
    services,
    fake,
  }) => {
    fake.ignoresPkce = true
    // Mallory starts, Alice approves in her browser and finishes as herself; then Mallory tries with what is left.
    const caught = await approved({ services, fake }, mallory)
    const { location } = await acceptCallback(services, { ...answer, ...caught })
    const handle = new URLSearchParams(new URL(location).hash.slice(1)).get('handle')!
    await expect(completeConnection(services, { userId: alice, handle })).rejects.toThrow('connection/handle_invalid')
    await expect(completeConnection(services, { userId: mallory, handle })).rejects.toThrow('connection/handle_invalid')
    await expect(completeConnection(services, { userId: mallory, platform: 'acme', ...caught })).rejects.toThrow(
      'connection/handle_invalid',
    )
    await nothingCameOfIt(db, fake)
  })

  test('is not proven by anything a link of ours can set', async ({ services, fake }) => {
    const app = Fastify()
    await app.register(oauthCallbackRoute, services)
    const { state, code } = await approved({ services, fake })
    const page = await app.inject(`/oauth/acme/callback?state=${state}&code=${code}`)
    expect(page.statusCode).toBe(303)
    expect(page.headers['set-cookie']).toBeUndefined()
  })
})

describe('a code', () => {
  test("that was put into somebody's own attempt is refused by the platform and never tried again", async ({
    db,
    services,
    fake,
  }) => {
    const stolen = await approved({ services, fake }, mallory)
    const own = await approved({ services, fake })
    const injected = { state: own.state, code: stolen.code }
    await expect(completeConnection(services, { userId: alice, platform: 'acme', ...injected })).rejects.toThrow(
      'connection/code_refused',
    )
    expect(fake.tokenRequests).toHaveLength(1)
    await expect(completeConnection(services, { userId: alice, platform: 'acme', ...injected })).rejects.toThrow(
      'connection/handle_invalid',
    )
    expect(fake.tokenRequests).toHaveLength(1)
    expect((await db.admin.query('select 1 from public.connections')).rowCount).toBe(0)
  })
})

describe('an answer with an issuer', () => {
  const sending = (services: TestServices) => withOAuth(services, { issuer: { value: ISSUER, alwaysSent: true } })

  test.for([undefined, '', 'https://evil.example.com', `${ISSUER}/`])(
    'of %s is refused, codes and errors alike, and the attempt stays',
    async (iss, { db, services, fake }) => {
      const there = sending(services)
      const caught = await approved({ services: there, fake })
      await expect(acceptCallback(there, { ...answer, ...caught, iss })).rejects.toThrow('connection/handle_invalid')
      await expect(
        acceptCallback(there, { ...answer, ...caught, code: undefined, error: 'access_denied', iss }),
      ).rejects.toThrow('connection/handle_invalid')
      await expect(
        completeConnection(there, { userId: alice, platform: 'acme', ...caught, iss: iss ?? null }),
      ).rejects.toThrow('connection/handle_invalid')
      await nothingCameOfIt(db, fake)
      await acceptCallback(there, { ...answer, ...caught, iss: ISSUER })
    },
  )

  test('that is right is accepted, from a browser and from a native app', async ({ services, fake }) => {
    const there = sending(services)
    const app = Fastify()
    await app.register(oauthCallbackRoute, there)
    const { state, code } = await approved({ services: there, fake })
    const visit = (iss: string) => app.inject(`/oauth/acme/callback?${new URLSearchParams({ state, code, iss })}`)
    expect((await visit('https://evil.example.com')).statusCode).toBe(400)
    expect((await visit(ISSUER)).statusCode).toBe(303)
    const caught = await approved({ services: there, fake })
    const native = { userId: alice, platform: 'acme', ...caught, scope: answer.scope, iss: ISSUER }
    expect(await completeConnection(there, native)).toMatchObject({ status: 'active' })
  })
})

describe('an attempt whose platform has other endpoints by now', () => {
  test.for([
    ['authorizationUrl', 'http://127.0.0.1:9/authorize'],
    ['tokenUrl', 'http://127.0.0.1:9/token'],
  ] as const)('is over: %s', async ([name, value], { db, services, fake }) => {
    const handle = await obtainHandle({ services, fake }, alice)
    const moved = withOAuth(services, { [name]: value })
    await expect(completeConnection(moved, { userId: alice, handle })).rejects.toThrow('connection/handle_invalid')
    await nothingCameOfIt(db, fake)
  })
})

describe('a host that is not on the list', () => {
  test('gets neither the person nor a code', async ({ db, services, fake }) => {
    const elsewhere = withOAuth(services, { hosts: ['www.example.com'] })
    await expect(startConnection(elsewhere, { userId: alice, platform: 'acme' })).rejects.toThrow(
      'platform/misconfigured',
    )
    const handle = await obtainHandle({ services, fake }, alice)
    await expect(completeConnection(elsewhere, { userId: alice, handle })).rejects.toThrow('platform/misconfigured')
    await nothingCameOfIt(db, fake)
  })
})

describe('the scopes that an app claims', () => {
  test('are believed as far as they were asked for, and no further', async ({ db, services, fake }) => {
    const caught = await approved({ services, fake })
    const scope = `read,activity:read_all,admin,${'x'.repeat(3000)}`
    await completeConnection(services, { userId: alice, platform: 'acme', ...caught, scope })
    const { rows } = await db.admin.query('select granted_scopes from public.connections')
    expect(rows).toEqual([{ granted_scopes: ['read', 'activity:read_all'] }])
  })
})

describe('headers that a proxy would set', () => {
  test('change nothing: the address comes from configuration', async ({ services, fake }) => {
    const app = Fastify()
    await app.register(oauthCallbackRoute, services)
    const { state, code } = await approved({ services, fake })
    const headers = {
      host: 'evil.example.com',
      forwarded: 'host=evil.example.com;proto=http',
      'x-forwarded-host': 'evil.example.com',
      'x-forwarded-proto': 'http',
      'x-hasura-user-id': mallory,
      'x-hasura-role': 'admin',
    }
    const page = await app.inject({ url: `/oauth/acme/callback?state=${state}&code=${code}`, headers })
    expect(page.headers.location).toMatch(/^https:\/\/app\.example\.com\/connected#handle=/)
    const handle = new URL(page.headers.location!).hash.slice('#handle='.length)
    await completeConnection(services, { userId: alice, handle })
    expect(fake.tokenRequests[0]?.get('redirect_uri')).toBe('https://service.example.com/oauth/acme/callback')
  })
})

describe('the address of the callback', () => {
  test('is byte for byte the same at both endpoints, and no secret is in an address', async ({ services, fake }) => {
    const { authorizationUrl } = await startConnection(services, { userId: alice, platform: 'acme' })
    const asked = new URL(authorizationUrl).searchParams
    const caught = fake.approve(authorizationUrl, { account: '4711' })
    await completeConnection(services, { userId: alice, platform: 'acme', ...caught })
    expect(fake.tokenRequests[0]?.get('redirect_uri')).toBe(asked.get('redirect_uri'))
    expect(fake.tokenRequests[0]?.get('code_verifier')).toMatch(/^[A-Za-z0-9._~-]{43,128}$/)
    expect(authorizationUrl).not.toContain(fake.tokenRequests[0]?.get('code_verifier'))
    expect(authorizationUrl).not.toContain('client-secret-1')
    expect(fake.paths.every((path) => ['/token', '/revoke'].includes(path))).toBe(true)
  })
})

describe('an account', () => {
  test('belongs to one person at a time, for two who finish at once', async ({ db, services, fake, openAnother }) => {
    const [one, two] = [await obtainHandle({ services, fake }, alice), await obtainHandle({ services, fake }, mallory)]
    const outcomes = await Promise.allSettled([
      completeConnection(services, { userId: alice, handle: one }),
      completeConnection(openAnother(), { userId: mallory, handle: two }),
    ])
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect((await db.admin.query('select 1 from public.connections')).rowCount).toBe(1)
    expect((await db.admin.query('select 1 from vault.tokens')).rowCount).toBe(1)
  })

  test('that somebody disconnected is free, and an own one may be changed', async ({ db, services, fake }) => {
    const key = await connect({ services, fake }, { userId: alice, account: '1' })
    await db.admin.query('delete from public.sync_runs')
    expect(await connect({ services, fake }, { userId: alice, account: '2' })).toEqual(key)
    await connect({ services, fake }, { userId: mallory, account: '1' })
  })
})
