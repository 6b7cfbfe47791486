import { randomUUID } from 'node:crypto'
import { describe, expect } from 'vitest'
import { acceptCallback } from '../../service/connections/accept-callback.ts'
import { completeConnection } from '../../service/connections/complete-connection.ts'
import { disconnectPlatform } from '../../service/connections/disconnect.ts'
import { startConnection } from '../../service/connections/start-connection.ts'
import { Secret } from '../../service/runtime/secret.ts'
import {
  ACTIVE,
  test as base,
  borrowToken,
  expireTokens,
  findStatus,
  NEEDS_REAUTH,
  type TestServices,
} from '../support/connections.ts'
import { consentAt, type OpenIdProvider, startOpenIdProvider } from '../support/openid-provider.ts'

/** Two processes, connected to a certified provider that knows nothing of this product. */
const test = base.extend<{ provider: OpenIdProvider; there: TestServices; alsoThere: TestServices }>({
  // oxlint-disable-next-line no-empty-pattern -- the runner reads which fixtures this one needs from the pattern
  provider: async ({}, use) => {
    const provider = await startOpenIdProvider('https://service.example.com/oauth/acme/callback')
    await use(provider)
    await provider.close()
  },
  there: ({ services, provider }, use) => use(at(services, provider)),
  alsoThere: ({ openAnother, provider }, use) => use(at(openAnother(), provider)),
})

function at(services: TestServices, { platform }: OpenIdProvider): TestServices {
  return { ...services, platforms: new Map([['acme', platform]]) }
}

async function answerOf(services: TestServices, userId: string, account = 'alice') {
  const { authorizationUrl } = await startConnection(services, { userId, platform: 'acme' })
  const back = await consentAt(authorizationUrl, { account })
  const parameter = (name: string) => back.get(name) ?? undefined
  const [state, code, iss, scope] = [parameter('state'), parameter('code'), parameter('iss'), parameter('scope')]
  return { platform: 'acme', state, code, iss, scope, error: parameter('error') }
}

async function handleOf(services: TestServices, userId: string, account?: string): Promise<string> {
  const { location } = await acceptCallback(services, await answerOf(services, userId, account))
  return new URLSearchParams(new URL(location).hash.slice(1)).get('handle')!
}

async function connect(services: TestServices) {
  const userId = randomUUID()
  await completeConnection(services, { userId, handle: await handleOf(services, userId) })
  return { userId, platform: 'acme' }
}

describe('with a certified provider', () => {
  test('an answer whose issuer is another is refused, and the right one is accepted', async ({ there, provider }) => {
    const answer = await answerOf(there, randomUUID())
    expect(answer.iss).toBe(provider.url)
    await expect(acceptCallback(there, { ...answer, iss: `${provider.url}/` })).rejects.toThrow(
      'connection/handle_invalid',
    )
    await expect(acceptCallback(there, { ...answer, iss: undefined })).rejects.toThrow('connection/handle_invalid')
    expect((await acceptCallback(there, answer)).location).toContain('#handle=')
    expect(provider.tokenRequests).toEqual([])
  })

  test('a code of another attempt is refused, for the verifier is another', async ({ db, there }) => {
    const [own, other] = [randomUUID(), randomUUID()]
    const [mine, theirs] = [await answerOf(there, own), await answerOf(there, other)]
    const mixed = { userId: own, platform: 'acme', state: mine.state!, code: theirs.code!, iss: mine.iss! }
    await expect(completeConnection(there, mixed)).rejects.toThrow('connection/code_refused')
    expect((await db.admin.query('select 1 from public.connections')).rowCount).toBe(0)
  })

  test('a refused consent comes back as such and ends the attempt', async ({ db, there }) => {
    const { authorizationUrl } = await startConnection(there, { userId: randomUUID(), platform: 'acme' })
    const back = await consentAt(authorizationUrl, { account: 'alice', refuse: true })
    expect(back.get('error')).toBe('access_denied')
    const [state, error, iss] = [back.get('state')!, back.get('error')!, back.get('iss')!]
    const { location } = await acceptCallback(there, {
      platform: 'acme',
      state,
      error,
      iss,
      code: undefined,
      scope: undefined,
    })
    expect(location).toMatch(/#error=access_denied$/)
    expect((await db.admin.query('select 1 from vault.oauth_states')).rowCount).toBe(0)
  })

  test('a connection is made, its tokens work, and the account is the one that signed in', async ({
    db,
    there,
    provider,
  }) => {
    const key = await connect(there)
    expect(await provider.accepts(await borrowToken(there, key))).toBe(true)
    const { rows } = await db.admin.query('select status, platform_user_id, granted_scopes from public.connections')
    expect(rows).toEqual([
      { status: 'active', platform_user_id: 'alice', granted_scopes: ['openid', 'read', 'activity:read_all'] },
    ])
    await expect(
      handleOf(there, randomUUID()).then((handle) => completeConnection(there, { userId: randomUUID(), handle })),
    ).rejects.toThrow('connection/handle_invalid')
  })

  test('an expired token is refreshed once for forty callers in two processes, again and again', async ({
    db,
    there,
    alsoThere,
    provider,
  }) => {
    const key = await connect(there)
    // The provider ends the whole grant when a refresh token is used twice.
    for (let round = 1; round <= 3; round += 1) {
      await expireTokens(db)
      const tokens = await Promise.all(
        Array.from({ length: 40 }, (_, index) => borrowToken(index % 2 === 0 ? there : alsoThere, key)),
      )
      expect(new Set(tokens).size).toBe(1)
      expect(await provider.accepts(tokens[0]!)).toBe(true)
      expect(provider.tokenRequests).toEqual(['authorization_code', ...Array(round).fill('refresh_token')])
    }
    expect(await findStatus(db)).toEqual(ACTIVE)
  })

  test('a refresh token whose successor was lost needs the person', async ({ db, there }) => {
    const key = await connect(there)
    await db.admin.query('create table kept as select * from vault.tokens')
    await expireTokens(db)
    await borrowToken(there, key)
    await db.admin.query(
      `update vault.tokens t set access_token_sealed = k.access_token_sealed, refresh_token_sealed = k.refresh_token_sealed from kept k`,
    )
    await expireTokens(db)
    await expect(borrowToken(there, key)).rejects.toThrow('connection/reauth_required')
    expect(await findStatus(db)).toEqual(NEEDS_REAUTH)
  })

  test('a disconnect ends the tokens there too', async ({ there, provider }) => {
    const key = await connect(there)
    const token = await borrowToken(there, key)
    expect(await provider.accepts(token)).toBe(true)
    expect(await disconnectPlatform(there, key)).toMatchObject({ platformConfirmed: true })
    expect(await provider.accepts(token)).toBe(false)
  })

  test('a wrong client secret disconnects nobody', async ({ db, there, services, provider }) => {
    const key = await connect(there)
    const { oauth } = provider.platform
    const mistyped = { ...provider.platform, oauth: { ...oauth!, clientSecret: new Secret('mistyped') } }
    const wrong = { ...services, platforms: new Map([['acme', mistyped]]) }
    await expireTokens(db)
    await expect(borrowToken(wrong, key)).rejects.toThrow('platform/misconfigured')
    expect(await findStatus(db)).toEqual(ACTIVE)
    await db.admin.query('update vault.tokens set refresh_not_before = null')
    expect(await provider.accepts(await borrowToken(there, key))).toBe(true)
  })
})
