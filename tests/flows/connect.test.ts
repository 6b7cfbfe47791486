import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { describe, expect } from 'vitest'
import { acceptCallback } from '../../service/connections/accept-callback.ts'
import { completeConnection } from '../../service/connections/complete-connection.ts'
import { deleteExpiredStates } from '../../service/connections/delete-expired-states.task.ts'
import { startConnection } from '../../service/connections/start-connection.ts'
import { withAccessToken } from '../../service/connections/with-access-token.ts'
import { connect, obtainHandle, test } from '../support/connections.ts'

const alice = '0e0c8a6e-1c1f-4a52-9b26-5d1f3c0c1a01'
const bob = '0e0c8a6e-1c1f-4a52-9b26-5d1f3c0c1a02'
const start = { userId: alice, platform: 'acme' }
const answer = { platform: 'acme', error: undefined, scope: 'read,activity:read_all' }

const count = async (pool: pg.Pool, table: string): Promise<number> =>
  (await pool.query<{ count: number }>(`select count(*)::integer from ${table}`)).rows[0]!.count
const lapse = (pool: pg.Pool) => pool.query(`update vault.oauth_states set expires_at = now() - interval '1 second'`)

describe('starting to connect', () => {
  test('is refused for a platform that is unknown or off, and for an address that is not on the list', async ({
    services,
  }) => {
    await expect(startConnection(services, { ...start, platform: 'nowhere' })).rejects.toThrow('platform/unknown')
    const off = {
      ...services,
      platforms: new Map([['acme', { ...services.platforms.get('acme')!, oauth: undefined! }]]),
    }
    await expect(startConnection(off, start)).rejects.toThrow('platform/not_configured')
    await expect(startConnection(services, { ...start, redirectUri: 'https://evil.example/' })).rejects.toThrow(
      'connection/redirect_not_allowed',
    )
  })

  test('answers the consent page and keeps nothing readable', async ({ db, services }) => {
    const { authorizationUrl, expiresAt } = await startConnection(services, start)
    const asked = new URL(authorizationUrl).searchParams
    expect(Object.fromEntries(asked)).toEqual({
      approval_prompt: 'auto',
      client_id: 'client-1',
      code_challenge: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      code_challenge_method: 'S256',
      redirect_uri: 'https://service.example.com/oauth/acme/callback',
      response_type: 'code',
      scope: 'read,activity:read_all',
      state: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
    })
    const { rows } = await db.admin.query(`
      select o::text as row, o.expires_at = o.created_at + interval '10 minutes' as ten_minutes, o.expires_at from vault.oauth_states o`)
    expect(rows).toEqual([{ row: expect.any(String), ten_minutes: true, expires_at: expiresAt }])
    expect(rows[0].row).not.toContain(Buffer.from(asked.get('state')!).toString('hex'))
    const another = await startConnection(services, start)
    expect(new URL(another.authorizationUrl).searchParams.get('code_challenge')).not.toBe(asked.get('code_challenge'))
  })
})

describe('completing a connection', () => {
  test('is refused for an unknown and for a lapsed handle', async ({ db, services, fake }) => {
    await expect(completeConnection(services, { userId: alice, handle: 'x' })).rejects.toThrow(
      'connection/handle_invalid',
    )
    const handle = await obtainHandle({ services, fake }, alice)
    await lapse(db.admin)
    await expect(completeConnection(services, { userId: alice, handle })).rejects.toThrow('connection/handle_invalid')
    expect(fake.tokenRequests).toEqual([])
  })

  test("is refused with another person's handle, which is burnt, and nothing is asked of the platform", async ({
    db,
    services,
    fake,
  }) => {
    const handle = await obtainHandle({ services, fake }, alice)
    await expect(completeConnection(services, { userId: bob, handle })).rejects.toThrow('connection/handle_invalid')
    await expect(completeConnection(services, { userId: alice, handle })).rejects.toThrow('connection/handle_invalid')
    expect(fake.tokenRequests).toEqual([])
    expect(await count(db.admin, 'public.connections')).toBe(0)
  })

  test("is refused with another person's code and state, which are burnt", async ({ services, fake }) => {
    const { authorizationUrl } = await startConnection(services, start)
    const caught = fake.approve(authorizationUrl, { account: '4711' })
    await expect(completeConnection(services, { userId: bob, platform: 'acme', ...caught })).rejects.toThrow(
      'connection/handle_invalid',
    )
    await expect(completeConnection(services, { ...start, ...caught })).rejects.toThrow('connection/handle_invalid')
    expect(fake.tokenRequests).toEqual([])
  })

  test('is refused with code and state that came through the callback, or belong to another platform', async ({
    services,
    fake,
  }) => {
    const { authorizationUrl } = await startConnection(services, start)
    const caught = fake.approve(authorizationUrl, { account: '4711' })
    await expect(completeConnection(services, { ...start, platform: 'nowhere\0', ...caught })).rejects.toThrow(
      'platform/unknown',
    )
    await expect(completeConnection(services, { ...start, platform: 'other', ...caught })).rejects.toThrow(
      'connection/handle_invalid',
    )
    await acceptCallback(services, { ...answer, ...caught })
    await expect(completeConnection(services, { ...start, ...caught })).rejects.toThrow('connection/handle_invalid')
    expect(fake.tokenRequests).toEqual([])
  })

  test('makes one token request when a handle is brought twice at once', async ({ services, fake, openAnother }) => {
    fake.delayMs = 200
    const handle = await obtainHandle({ services, fake }, alice)
    const outcomes = await Promise.allSettled(
      [services, openAnother(), services, openAnother()].map((each) =>
        completeConnection(each, { userId: alice, handle }),
      ),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(fake.tokenRequests).toHaveLength(1)
  })

  test.for([
    ['connection/code_refused', { status: 400, body: '{"error":"invalid_grant"}' }],
    ['connection/code_refused', { status: 400, body: '{"errors":[{"field":"code","code":"invalid"}]}' }],
    ['platform/misconfigured', { status: 401, body: '{"error":"invalid_client"}' }],
    ['platform/rate_limited', { status: 429, body: '{}' }],
    ['platform/unavailable', { status: 500, body: '<html>', contentType: 'text/html' }],
    ['platform/unavailable', { status: 302, body: '' }],
    ['platform/unavailable', { status: 200, body: '<html>', contentType: 'text/html' }],
    ['platform/unavailable', { status: 200, body: '{}' }],
    ['platform/unavailable', { status: 200, body: `{"access_token":"${'a'.repeat(70_000)}","token_type":"Bearer"}` }],
    ['platform/unavailable', { hangUp: true }],
    ['platform/unexpected_payload', { merge: { account: null } }],
  ] as const)(
    'answers %s and keeps nothing when the platform answers %o',
    async ([code, fault], { db, services, fake }) => {
      const handle = await obtainHandle({ services, fake }, alice)
      fake.faults.push(fault)
      await expect(completeConnection(services, { userId: alice, handle })).rejects.toThrow(code)
      expect(await count(db.admin, 'public.connections')).toBe(0)
      expect(await count(db.admin, 'vault.oauth_states')).toBe(0)
    },
  )

  test('keeps nothing when the first sync cannot be queued', async ({ db, services, fake }) => {
    const handle = await obtainHandle({ services, fake }, alice)
    const queueHistory = () => Promise.reject(new Error('the queue is away'))
    await expect(completeConnection({ ...services, queueHistory }, { userId: alice, handle })).rejects.toThrow(
      'the queue is away',
    )
    for (const table of ['public.connections', 'vault.tokens', 'vault.user_keys']) {
      expect(await count(db.admin, table)).toBe(0)
    }
  })

  test('refuses an account that is connected to another person, who stays connected', async ({
    db,
    services,
    fake,
  }) => {
    const owner = await connect({ services, fake }, { userId: alice, account: '4711' })
    const handle = await obtainHandle({ services, fake }, bob, { account: '4711' })
    await expect(completeConnection(services, { userId: bob, handle })).rejects.toThrow('connection/account_taken')
    expect(await count(db.admin, 'public.connections')).toBe(1)
    expect(await withAccessToken(services, owner, async (token) => fake.accepts(token.reveal()))).toBe(true)
    expect(fake.revoked).toEqual([])
  })

  test('stores connection, sealed tokens and first sync, and the attempt is gone', async ({ db, services, fake }) => {
    const handle = await obtainHandle({ services, fake }, alice, { account: '9007199254740993' })
    const completed = await completeConnection(services, { userId: alice, handle })
    const { rows: connections } = await db.admin.query(`
      select id, user_id, platform, status, status_reason, platform_user_id, granted_scopes, missing_scopes from public.connections`)
    expect(connections).toEqual([
      {
        id: completed.connectionId,
        user_id: alice,
        platform: 'acme',
        status: 'active',
        status_reason: null,
        platform_user_id: '9007199254740993',
        granted_scopes: ['read', 'activity:read_all'],
        missing_scopes: [],
      },
    ])
    const { rows: runs } = await db.admin.query('select id from public.sync_runs')
    expect(completed).toMatchObject({ platform: 'acme', status: 'active', missingScopes: [], syncRunId: runs[0].id })
    const { rows: tokens } = await db.admin.query(`
      select encode(access_token_sealed, 'escape') || encode(refresh_token_sealed, 'escape') as boxes,
        access_expires_at between now() + interval '5 hours 59 minutes' and now() + interval '6 hours' as six_hours from vault.tokens`)
    expect(tokens[0].six_hours).toBe(true)
    expect(tokens[0].boxes).toMatch(/^TRIB/)
    expect(tokens[0].boxes).not.toMatch(/access-|refresh-/)
    expect(await count(db.admin, 'vault.oauth_states')).toBe(0)
  })

  test.for([
    ['read,activity:read_all', 'active'],
    ['read', 'limited'],
    [null, 'limited'],
  ] as const)('for a native app that caught the scope %s itself is %s', async ([scope, status], { services, fake }) => {
    const { authorizationUrl } = await startConnection(services, start)
    const caught = fake.approve(authorizationUrl, { account: '4711' })
    expect(await completeConnection(services, { ...start, ...caught, scope })).toMatchObject({
      platform: 'acme',
      status,
    })
  })

  test('without a scope that is needed is limited, and says which', async ({ db, services, fake }) => {
    const handle = await obtainHandle({ services, fake }, alice, { scope: 'read' })
    expect(await completeConnection(services, { userId: alice, handle })).toMatchObject({
      status: 'limited',
      missingScopes: ['activity:read_all'],
    })
    const { rows } = await db.admin.query('select status, status_reason, missing_scopes from public.connections')
    expect(rows).toEqual([
      { status: 'limited', status_reason: 'connection/scope_missing', missing_scopes: ['activity:read_all'] },
    ])
  })

  test('a second time replaces the tokens and keeps the connection', async ({ db, services, fake }) => {
    const context = { services, fake }
    const first = await connect(context, { userId: alice, scope: 'read' })
    const { rows: before } = await db.admin.query('select token_version from vault.tokens')
    await db.admin.query(`delete from public.sync_runs`)
    const second = await connect(context, { userId: alice })
    expect(second.connectionId).toBe(first.connectionId)
    const { rows: after } = await db.admin.query(`
      select t.token_version > ${before[0].token_version} as newer, c.status, c.status_reason
      from vault.tokens t join public.connections c using (user_id, platform)`)
    expect(after).toEqual([{ newer: true, status: 'active', status_reason: null }])
  })
})

describe('attempts nobody finishes', () => {
  test('are deleted when they have lapsed, and not before', async ({ db, services, fake }) => {
    await startConnection(services, start)
    await lapse(db.admin)
    await startConnection(services, start)
    await obtainHandle({ services, fake }, randomUUID())
    await deleteExpiredStates.run({}, services)
    expect(await count(db.admin, 'vault.oauth_states')).toBe(2)
  })
})
