import { describe, expect } from 'vitest'
import { acceptCallback } from '../../service/connections/accept-callback.ts'
import { completeConnection } from '../../service/connections/complete-connection.ts'
import { disconnectPlatform } from '../../service/connections/disconnect.ts'
import { endByPlatform } from '../../service/connections/find-connection.ts'
import { startConnection } from '../../service/connections/start-connection.ts'
import { borrowToken, connect, expireTokens, obtainHandle, type TestServices, test } from '../support/connections.ts'

const alice = '0e0c8a6e-1c1f-4a52-9b26-5d1f3c0c1a01'
const mallory = '0e0c8a6e-1c1f-4a52-9b26-5d1f3c0c1a66'

/** `action by whom about whom outcome`; people by their names. */
const trail = ({ audited }: TestServices) =>
  audited.map(({ action, actor, subjectUserId, outcome, platform }) =>
    [action, actor.kind, nameOf(actor.id), nameOf(subjectUserId), outcome, platform].join(' '),
  )
const nameOf = (id: string | null) => (id === alice ? 'alice' : id === mallory ? 'mallory' : id)

describe('the audit trail of a connection', () => {
  test('tells each step: who, whose, how it ended', async ({ db, services, fake }) => {
    const key = await connect({ services, fake }, { userId: alice })
    await expireTokens(db)
    await borrowToken(services, key)
    fake.endGrants()
    await expireTokens(db)
    for (let time = 0; time < 2; time += 1) await expect(borrowToken(services, key)).rejects.toThrow('reauth_required')
    await disconnectPlatform(services, key)
    expect(trail(services)).toEqual([
      'connection.started user alice alice success acme',
      'connection.completed user alice alice success acme',
      'connection.tokens_renewed system  alice success acme',
      'connection.reauth_required platform acme alice success acme',
      'connection.disconnected user alice alice success acme',
      'connection.revocation_confirmed platform acme alice success acme',
    ])
  })

  test("names who brought another person's handle, or state, and whose account it was", async ({ services, fake }) => {
    const handle = await obtainHandle({ services, fake }, alice)
    await expect(completeConnection(services, { userId: mallory, handle })).rejects.toThrow('handle_invalid')
    const { authorizationUrl } = await startConnection(services, { userId: alice, platform: 'acme' })
    const caught = fake.approve(authorizationUrl, { account: '1' })
    await expect(completeConnection(services, { userId: mallory, platform: 'acme', ...caught })).rejects.toThrow(
      'handle_invalid',
    )
    await expect(completeConnection(services, { userId: mallory, handle: 'unknown' })).rejects.toThrow('handle_invalid')
    expect(trail(services).filter((line) => !line.startsWith('connection.started'))).toEqual(
      Array(2).fill('oauth.user_mismatch user mallory alice refused acme'),
    )
  })

  test('tells of a consent that was refused, of an account that is taken, and of an end at the platform', async ({
    services,
    fake,
  }) => {
    const { authorizationUrl } = await startConnection(services, { userId: alice, platform: 'acme' })
    const { state } = fake.approve(authorizationUrl, { account: '1' })
    const refused = { platform: 'acme', state, code: undefined, scope: undefined, error: 'access_denied' }
    await acceptCallback(services, refused)
    const key = await connect({ services, fake }, { userId: alice })
    const handle = await obtainHandle({ services, fake }, mallory)
    await expect(completeConnection(services, { userId: mallory, handle })).rejects.toThrow('account_taken')
    await services.db.transaction((tx) => endByPlatform(services, tx, key))
    const told = trail(services).filter((line) => !/started|completed/.test(line))
    expect(told).toEqual([
      'connection.consent_refused platform acme alice refused acme',
      'connection.account_taken user mallory mallory refused acme',
      'token.destroyed system  alice success acme',
      'connection.ended_at_platform platform acme alice success acme',
    ])
  })

  test('is kept with what it tells of, or neither is', async ({ db, services, fake }) => {
    const audit = () => Promise.reject(new Error('the trail is away'))
    await expect(startConnection({ ...services, audit }, { userId: alice, platform: 'acme' })).rejects.toThrow('away')
    expect((await db.admin.query('select 1 from vault.oauth_states')).rowCount).toBe(0)
    const handle = await obtainHandle({ services, fake }, alice)
    await expect(completeConnection({ ...services, audit }, { userId: alice, handle })).rejects.toThrow('away')
    expect((await db.admin.query('select 1 from public.connections')).rowCount).toBe(0)
    const key = await connect({ services, fake }, { userId: alice })
    await expect(disconnectPlatform({ ...services, audit }, key)).rejects.toThrow('away')
    const { rows } = await db.admin.query('select status from public.connections')
    expect(rows).toEqual([{ status: 'active' }])
    expect(await borrowToken(services, key)).toMatch(/^access-/)
  })

  test('holds no secret', async ({ services, fake }) => {
    const key = await connect({ services, fake }, { userId: alice })
    const tokens = await services.vault.findTokens(key)
    await disconnectPlatform(services, key)
    const told = JSON.stringify(services.audited)
    for (const secret of [
      tokens?.accessToken.reveal(),
      tokens?.refreshToken?.reveal(),
      fake.tokenRequests[0]?.get('code'),
    ])
      expect(told).not.toContain(secret)
  })
})
