import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import { disconnectPlatform } from '../../service/connections/disconnect.ts'
import type { ConnectionKey } from '../../service/connections/services.ts'
import { withAccessToken } from '../../service/connections/with-access-token.ts'
import { sql } from '../../service/runtime/sql.ts'
import { connect, type TestServices, test } from '../support/connections.ts'
import type { TestDatabase } from '../support/database.ts'
import type { Fault } from '../support/fake-platform.ts'

const expire = (db: TestDatabase) =>
  db.admin.query(`update vault.tokens set access_expires_at = now() - interval '1 minute'`)
const borrow = (services: TestServices, key: ConnectionKey) =>
  withAccessToken(services, key, async (token) => token.reveal())
const refreshes = (requests: readonly URLSearchParams[]) =>
  requests.filter((form) => form.get('grant_type') === 'refresh_token')
const storedPair = (services: TestServices, key: ConnectionKey) => services.vault.findTokens(key)
const statusOf = async (db: TestDatabase) =>
  (
    await db.admin.query<{ status: string; reason: string | null; lease_holder: string | null }>(`
      select c.status, c.status_reason as reason, t.lease_holder from public.connections c join vault.tokens t using (user_id, platform)`)
  ).rows
const ACTIVE = [{ status: 'active', reason: null, lease_holder: null }]
const NEEDS_REAUTH = [{ status: 'needs_reauth', reason: 'connection/reauth_required', lease_holder: null }]

/** Short enough to watch; the proportions are those of the real ones. */
const quick = { leaseMs: 400, extendEveryMs: 100, requestTimeoutMs: 5_000, giveUpAfterMs: 8_000 }

describe('an expired token', () => {
  test('is refreshed once for fifty callers in two processes', async ({ db, services, fake, openAnother }) => {
    const key = await connect({ services, fake })
    await expire(db)
    fake.delayMs = 400
    const processes = [services, openAnother()]
    const tokens = await Promise.all(Array.from({ length: 50 }, (_, index) => borrow(processes[index % 2]!, key)))
    expect(refreshes(fake.tokenRequests)).toHaveLength(1)
    expect(new Set(tokens).size).toBe(1)
    expect(fake.accepts(tokens[0]!)).toBe(true)
    expect(await statusOf(db)).toEqual(ACTIVE)
  })

  test('is replaced in the database before the new one is used', async ({ db, services, fake, openAnother }) => {
    const key = await connect({ services, fake })
    const before = await storedPair(services, key)
    await expire(db)
    await withAccessToken(services, key, async (token) => {
      const stored = await storedPair(openAnother(), key)
      expect(stored?.accessToken.reveal()).toBe(token.reveal())
      expect(stored?.refreshToken?.reveal()).not.toBe(before?.refreshToken?.reveal())
    })
    await expire(db)
    expect(fake.accepts(await borrow(services, key))).toBe(true)
    expect(refreshes(fake.tokenRequests)).toHaveLength(2)
  })

  test('leaves a token that has hours to live alone', async ({ services, fake }) => {
    const key = await connect({ services, fake })
    for (let call = 0; call < 5; call += 1) await borrow(services, key)
    expect(refreshes(fake.tokenRequests)).toHaveLength(0)
  })

  test('keeps the refresh token when the platform names no other', async ({ db, services, fake }) => {
    const key = await connect({ services, fake })
    const before = await storedPair(services, key)
    await expire(db)
    fake.rotates = false
    const token = await borrow(services, key)
    const after = await storedPair(services, key)
    expect(after?.accessToken.reveal()).toBe(token)
    expect(after?.refreshToken?.reveal()).toBe(before?.refreshToken?.reveal())
  })

  test.for([0, -1, 1e12, 'soon', null])(
    'is replaced even by a pair whose lifetime is %s',
    async (expires_in, { db, services, fake }) => {
      const key = await connect({ services, fake })
      await expire(db)
      fake.faults.push({ merge: { expires_in } })
      expect(fake.accepts(await borrow(services, key))).toBe(true)
      expect((await db.admin.query('select access_expires_at from vault.tokens')).rows).toEqual([
        { access_expires_at: null },
      ])
    },
  )

  test('is refreshed without holding a database connection meanwhile', async ({ db, fake, openAnother }) => {
    const services = openAnother({ maxConnections: 1 })
    const key = await connect({ services, fake })
    await expire(db)
    fake.delayMs = 1_000
    const borrowing = borrow(services, key)
    await sleep(200)
    const started = performance.now()
    await services.db.query(sql`select 1`)
    expect(performance.now() - started).toBeLessThan(400)
    await borrowing
  })
})

describe('a token that the platform refuses', () => {
  test('is refreshed once and tried once more', async ({ services, fake }) => {
    const key = await connect({ services, fake })
    const tried: string[] = []
    const result = await withAccessToken(services, key, async (token) => {
      tried.push(token.reveal())
      return tried.length === 1 ? 'unauthorized' : 'done'
    })
    expect(result).toBe('done')
    expect(new Set(tried).size).toBe(2)
    expect(refreshes(fake.tokenRequests)).toHaveLength(1)
  })

  test('is not tried a third time', async ({ db, services, fake }) => {
    const key = await connect({ services, fake })
    await expect(withAccessToken(services, key, async () => 'unauthorized')).rejects.toThrow('platform/refused')
    expect(refreshes(fake.tokenRequests)).toHaveLength(1)
    expect(await statusOf(db)).toEqual(ACTIVE)
  })

  test('is refreshed once for all who were refused', async ({ services, fake, openAnother }) => {
    const key = await connect({ services, fake })
    const old = await borrow(services, key)
    fake.delayMs = 300
    const processes = [services, openAnother()]
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        withAccessToken(processes[index % 2]!, key, async (token) =>
          token.reveal() === old ? 'unauthorized' : 'done',
        ),
      ),
    )
    expect(refreshes(fake.tokenRequests)).toHaveLength(1)
  })
})

describe('a refresh that fails', () => {
  test('with invalid_grant asks for the person, and is not repeated', async ({ db, services, fake }) => {
    const key = await connect({ services, fake })
    await expire(db)
    fake.faults.push({ status: 400, body: '{"error":"invalid_grant"}' })
    await expect(borrow(services, key)).rejects.toThrow('connection/reauth_required')
    await expect(borrow(services, key)).rejects.toThrow('connection/reauth_required')
    expect(await statusOf(db)).toEqual(NEEDS_REAUTH)
    expect(refreshes(fake.tokenRequests)).toHaveLength(1)
    expect(services.refreshFailures).toEqual(['acme invalid_grant'])
  })

  test.for<[string, string, Fault]>([
    ['platform/misconfigured', 'misconfigured', { status: 401, body: '{"error":"invalid_client"}' }],
    ['platform/misconfigured', 'misconfigured', { status: 403, body: '{}' }],
    ['platform/rate_limited', 'rate_limited', { status: 429, body: '{}' }],
    ['platform/unavailable', 'unavailable', { status: 400, body: '{"error":"invalid_request"}' }],
    ['platform/unavailable', 'unavailable', { status: 400, body: '<html>', contentType: 'text/html' }],
    ['platform/unavailable', 'unavailable', { status: 500, body: '{"error":"invalid_grant"}' }],
    ['platform/unavailable', 'unavailable', { status: 200, body: '<html>', contentType: 'text/html' }],
    ['platform/unavailable', 'unavailable', { status: 200, body: '{"token_type":"JWT","access_token":"x"}' }],
    ['platform/unavailable', 'unavailable', { hangUp: true }],
    ['platform/unavailable', 'unavailable', { delayMs: 2_000 }],
  ])(
    'is %s (%s) on %o, disconnects nobody and may be tried again',
    async ([code, reason, fault], { db, fake, openAnother }) => {
      const services = openAnother({ refreshTiming: { ...quick, requestTimeoutMs: 500 } })
      const key = await connect({ services, fake })
      await expire(db)
      fake.faults.push(fault)
      await expect(borrow(services, key)).rejects.toThrow(code)
      expect(await statusOf(db)).toEqual(ACTIVE)
      expect(services.refreshFailures).toEqual([`acme ${reason}`])
      expect(fake.accepts(await borrow(services, key))).toBe(true)
    },
  )

  test('is not repeated by each of those who waited for it', async ({ db, services, fake, openAnother }) => {
    const key = await connect({ services, fake })
    await expire(db)
    fake.faults.push({ status: 500, delayMs: 500 })
    const processes = [services, openAnother()]
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => borrow(processes[index % 2]!, key)),
    )
    const reasons = outcomes
      .map((outcome) => (outcome.status === 'rejected' ? String(outcome.reason.message) : 'fulfilled'))
      .sort()
    expect(reasons).toEqual([...Array(19).fill('connection/refresh_busy'), 'platform/unavailable'])
    expect(refreshes(fake.tokenRequests)).toHaveLength(1)
  })
})

describe('the lease', () => {
  const hold = (db: TestDatabase, milliseconds: number) =>
    db.admin.query(
      `update vault.tokens set lease_holder = gen_random_uuid(), lease_expires_at = clock_timestamp() + $1 * interval '1 millisecond'`,
      [milliseconds],
    )

  test('of a process that died is taken over when it lapses, and not before', async ({ db, services, fake }) => {
    const key = await connect({ services, fake })
    await expire(db)
    await hold(db, 700)
    const started = performance.now()
    expect(fake.accepts(await borrow(services, key))).toBe(true)
    expect(performance.now() - started).toBeGreaterThan(600)
    expect(refreshes(fake.tokenRequests)).toHaveLength(1)
  })

  test('of a process that lives is waited for, but not for ever', async ({ db, fake, openAnother }) => {
    const services = openAnother({ refreshTiming: { ...quick, giveUpAfterMs: 500 } })
    const key = await connect({ services, fake })
    await expire(db)
    await hold(db, 60_000)
    await expect(borrow(services, key)).rejects.toThrow('connection/refresh_busy')
    expect(refreshes(fake.tokenRequests)).toHaveLength(0)
    expect(services.refreshFailures).toEqual(['acme timed_out_waiting'])
  })

  test('is extended while the platform is slow, so that nobody else asks too', async ({ db, fake, openAnother }) => {
    const processes = [openAnother({ refreshTiming: quick }), openAnother({ refreshTiming: quick })]
    const key = await connect({ services: processes[0]!, fake })
    await expire(db)
    fake.delayMs = 1_500
    const tokens = await Promise.all(Array.from({ length: 10 }, (_, index) => borrow(processes[index % 2]!, key)))
    expect(refreshes(fake.tokenRequests)).toHaveLength(1)
    expect(new Set(tokens).size).toBe(1)
  })

  test('that lapsed under a slow holder still lets one pair in, and both use it', async ({ db, fake, openAnother }) => {
    const timing = { ...quick, leaseMs: 300, extendEveryMs: 60_000 }
    const [slow, fast] = [openAnother({ refreshTiming: timing }), openAnother({ refreshTiming: timing })]
    const key = await connect({ services: slow, fake })
    await expire(db)
    fake.rotates = false
    fake.faults.push({ delayMs: 1_200 })
    const first = borrow(slow, key)
    await sleep(400)
    const winner = await borrow(fast, key)
    expect(await first).toBe(winner)
    expect((await storedPair(slow, key))?.accessToken.reveal()).toBe(winner)
    expect(refreshes(fake.tokenRequests)).toHaveLength(2)
  })

  test('that lapsed: a no to the successor does not count once the first pair is stored', async ({
    db,
    fake,
    openAnother,
  }) => {
    const timing = { ...quick, leaseMs: 300, extendEveryMs: 60_000 }
    const [slow, fast] = [openAnother({ refreshTiming: timing }), openAnother({ refreshTiming: timing })]
    const key = await connect({ services: slow, fake })
    await expire(db)
    fake.faults.push({ delayMs: 800, rotateAtOnce: true }, { delayMs: 1_200, rotateAtOnce: true })
    const first = borrow(slow, key)
    await sleep(400)
    const second = await borrow(fast, key)
    expect(second).toBe(await first)
    expect(fast.refreshFailures).toEqual(['acme invalid_grant'])
    expect(await statusOf(db)).toEqual(ACTIVE)
  })

  test('that lapsed under a holder whose pair comes after all: its successor was told no, and the pair mends that', async ({
    db,
    fake,
    openAnother,
  }) => {
    const timing = { ...quick, leaseMs: 300, extendEveryMs: 60_000 }
    const [slow, fast] = [openAnother({ refreshTiming: timing }), openAnother({ refreshTiming: timing })]
    const key = await connect({ services: slow, fake })
    await expire(db)
    fake.faults.push({ delayMs: 1_200, rotateAtOnce: true })
    const first = borrow(slow, key)
    await sleep(400)
    await expect(borrow(fast, key)).rejects.toThrow('connection/reauth_required')
    expect(await statusOf(db)).toEqual(NEEDS_REAUTH)
    expect(fake.accepts(await first)).toBe(true)
    expect(await statusOf(db)).toEqual(ACTIVE)
  })
})

describe('a refresh whose connection ends meanwhile', () => {
  test('stores nothing, and what it was granted is revoked', async ({ db, services, fake }) => {
    const key = await connect({ services, fake })
    await expire(db)
    fake.faults.push({ delayMs: 600 })
    const borrowing = borrow(services, key)
    await sleep(200)
    await disconnectPlatform(services, key)
    await expect(borrowing).rejects.toThrow('connection/not_found')
    expect((await db.admin.query('select 1 from vault.tokens')).rowCount).toBe(0)
    expect(fake.revoked).toHaveLength(2)
  })

  test('does not touch the tokens of the next connection', async ({ db, services, fake }) => {
    const context = { services, fake }
    const key = await connect(context)
    await expire(db)
    fake.faults.push({ delayMs: 800 })
    const borrowing = borrow(services, key)
    await sleep(200)
    await disconnectPlatform(services, key)
    await connect(context, { userId: key.userId })
    const next = (await storedPair(services, key))?.accessToken.reveal()
    expect(await borrowing).toBe(next)
    expect((await storedPair(services, key))?.accessToken.reveal()).toBe(next)
  })
})

describe('a token', () => {
  test('is lent for no connection that is unknown or ended', async ({ services, fake }) => {
    const key = await connect({ services, fake })
    await expect(borrow(services, { ...key, platform: 'other' })).rejects.toThrow('connection/not_found')
    await disconnectPlatform(services, key)
    await expect(borrow(services, key)).rejects.toThrow('connection/not_found')
  })
})
