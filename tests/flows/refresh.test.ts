import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import { disconnectPlatform } from '../../service/connections/disconnect.ts'
import { withAccessToken } from '../../service/connections/with-access-token.ts'
import { AppError } from '../../service/runtime/errors.ts'
import { sql } from '../../service/runtime/sql.ts'
import {
  ACTIVE,
  borrowToken,
  connect,
  countRefreshes,
  endWaits,
  expireTokens,
  findStatus,
  NEEDS_REAUTH,
  test,
} from '../support/connections.ts'
import type { Fault } from '../support/fake-platform.ts'

/** Short enough to watch; the proportions are those of the real ones. */
const quick = {
  leaseMs: 400,
  extendEveryMs: 100,
  requestTimeoutMs: 5_000,
  giveUpAfterMs: 8_000,
  cooldownMs: 1_000,
  pauseMs: 1_000,
}

describe('an expired token', () => {
  test('is refreshed once for fifty callers in two processes', async ({ db, services, fake, openAnother }) => {
    const key = await connect({ services, fake })
    await expireTokens(db)
    fake.delayMs = 400
    const processes = [services, openAnother()]
    const tokens = await Promise.all(Array.from({ length: 50 }, (_, index) => borrowToken(processes[index % 2]!, key)))
    expect(countRefreshes(fake)).toBe(1)
    expect(new Set(tokens).size).toBe(1)
    expect(fake.accepts(tokens[0]!)).toBe(true)
    expect(await findStatus(db)).toEqual(ACTIVE)
  })

  test('is replaced in the database before the new one is used', async ({ db, services, fake, openAnother }) => {
    const key = await connect({ services, fake })
    const before = await services.vault.findTokens(key)
    await expireTokens(db)
    await withAccessToken(services, key, async (token) => {
      const stored = await openAnother().vault.findTokens(key)
      expect(stored?.accessToken.reveal()).toBe(token.reveal())
      expect(stored?.refreshToken?.reveal()).not.toBe(before?.refreshToken?.reveal())
    })
    await expireTokens(db)
    expect(fake.accepts(await borrowToken(services, key))).toBe(true)
    expect(countRefreshes(fake)).toBe(2)
  })

  test('leaves a token that has hours to live alone', async ({ services, fake }) => {
    const key = await connect({ services, fake })
    for (let call = 0; call < 5; call += 1) await borrowToken(services, key)
    expect(countRefreshes(fake)).toBe(0)
  })

  test('keeps the refresh token when the platform names no other', async ({ db, services, fake }) => {
    const key = await connect({ services, fake })
    const before = await services.vault.findTokens(key)
    await expireTokens(db)
    fake.rotates = false
    const token = await borrowToken(services, key)
    const after = await services.vault.findTokens(key)
    expect(after?.accessToken.reveal()).toBe(token)
    expect(after?.refreshToken?.reveal()).toBe(before?.refreshToken?.reveal())
  })

  test.for([0, -1, 1e12, 'soon', null])(
    'is replaced even by a pair whose lifetime is %s',
    async (expires_in, { db, services, fake }) => {
      const key = await connect({ services, fake })
      await expireTokens(db)
      fake.faults.push({ merge: { expires_in } })
      expect(fake.accepts(await borrowToken(services, key))).toBe(true)
      expect((await db.admin.query('select access_expires_at from vault.tokens')).rows).toEqual([
        { access_expires_at: null },
      ])
    },
  )

  test('is not lent when its person withdrew while it was refreshed', async ({ db, services, fake }) => {
    const key = await connect({ services, fake })
    await expireTokens(db)
    fake.delayMs = 400
    let lent = false
    const borrowing = withAccessToken(services, key, async () => void (lent = true))
    for (let waited = 0; waited < 100 && countRefreshes(fake) === 0; waited += 1) await sleep(5)
    await db.admin.query(
      `insert into consents (user_id, platform, purpose, decision, text_version, text_locale, text_sha256, channel)
       select user_id, platform, purpose, 'withdrawn', text_version, text_locale, text_sha256, channel from consents where user_id = $1`,
      [key.userId],
    )
    await expect(borrowing).rejects.toThrow('consent/required')
    expect(lent).toBe(false)
  })

  test('is refreshed without holding a database connection meanwhile', async ({ db, fake, openAnother }) => {
    const services = openAnother({ maxConnections: 1 })
    const key = await connect({ services, fake })
    await expireTokens(db)
    fake.delayMs = 1_000
    const borrowing = borrowToken(services, key)
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
    expect(countRefreshes(fake)).toBe(1)
  })

  test('is not tried a third time', async ({ db, services, fake }) => {
    const key = await connect({ services, fake })
    await expect(withAccessToken(services, key, async () => 'unauthorized')).rejects.toThrow('platform/refused')
    expect(countRefreshes(fake)).toBe(1)
    expect(await findStatus(db)).toEqual(ACTIVE)
  })

  test('is refreshed once for all who were refused', async ({ services, fake, openAnother }) => {
    const key = await connect({ services, fake })
    const old = await borrowToken(services, key)
    fake.delayMs = 300
    const processes = [services, openAnother()]
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        withAccessToken(processes[index % 2]!, key, async (token) =>
          token.reveal() === old ? 'unauthorized' : 'done',
        ),
      ),
    )
    expect(countRefreshes(fake)).toBe(1)
  })
})

describe('a refresh that fails', () => {
  test('with invalid_grant asks for the person, and is not repeated', async ({ db, services, fake }) => {
    const key = await connect({ services, fake })
    await expireTokens(db)
    fake.faults.push({ status: 400, body: '{"error":"invalid_grant"}' })
    await expect(borrowToken(services, key)).rejects.toThrow('connection/reauth_required')
    await expect(borrowToken(services, key)).rejects.toThrow('connection/reauth_required')
    expect(await findStatus(db)).toEqual(NEEDS_REAUTH)
    expect(countRefreshes(fake)).toBe(1)
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
      await expireTokens(db)
      fake.faults.push(fault)
      await expect(borrowToken(services, key)).rejects.toThrow(code)
      expect(await findStatus(db)).toEqual(ACTIVE)
      expect(services.refreshFailures).toEqual([`acme ${reason}`])
      await endWaits(db)
      expect(fake.accepts(await borrowToken(services, key))).toBe(true)
    },
  )

  test('is not repeated by each of those who waited for it', async ({ db, services, fake, openAnother }) => {
    const key = await connect({ services, fake })
    await expireTokens(db)
    fake.faults.push({ status: 500, delayMs: 500 })
    const processes = [services, openAnother()]
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => borrowToken(processes[index % 2]!, key)),
    )
    const reasons = outcomes
      .map((outcome) => (outcome.status === 'rejected' ? String(outcome.reason.message) : 'fulfilled'))
      .sort()
    expect(reasons).toEqual([...Array(19).fill('connection/refresh_busy'), 'platform/unavailable'])
    expect(countRefreshes(fake)).toBe(1)
  })
})

describe('a token', () => {
  test('is lent for no connection that is unknown or ended', async ({ services, fake }) => {
    const key = await connect({ services, fake })
    await expect(borrowToken(services, { ...key, platform: 'other' })).rejects.toThrow('connection/not_found')
    await disconnectPlatform(services, key)
    await expect(borrowToken(services, key)).rejects.toThrow('connection/not_found')
  })
})

describe('data that the platform refuses for want of a scope', () => {
  test('makes the connection limited, whatever the redirect had claimed', async ({ db, services, fake }) => {
    const key = await connect({ services, fake })
    const missing = () => Promise.reject(new AppError('connection/scope_missing', { platform: 'acme' }))
    await expect(withAccessToken(services, key, missing)).rejects.toThrow('connection/scope_missing')
    const { rows } = await db.admin.query('select status, status_reason, missing_scopes from public.connections')
    expect(rows).toEqual([
      { status: 'limited', status_reason: 'connection/scope_missing', missing_scopes: ['activity:read_all'] },
    ])
    expect(fake.accepts(await borrowToken(services, key))).toBe(true)
  })
})
