import { describe, expect } from 'vitest'
import { createMetrics } from '../../service/monitoring/metrics.ts'
import { registerState } from '../../service/monitoring/state-metrics.ts'
import {
  ACTIVE,
  borrowToken,
  connect,
  countRefreshes,
  endWaits,
  expireTokens,
  findStatus,
  test,
} from '../support/connections.ts'
import type { TestDatabase } from '../support/database.ts'

const SERVER_ERROR = { status: 500, body: '{}' }
const WRONG_SECRET = { status: 401, body: '{"error":"invalid_client"}' }

const expireInMinutes = (db: TestDatabase, minutes: number) =>
  db.admin.query(
    `update vault.tokens set updated_at = now() - interval '5 hours', access_expires_at = now() + $1 * interval '1 minute'`,
    [minutes],
  )
const endCooldowns = (db: TestDatabase) => db.admin.query('update vault.tokens set refresh_not_before = null')

describe('a connection whose refresh has failed', () => {
  test('is left alone for half a minute, then for twice as long each time, a quarter of an hour at most', async ({
    db,
    services,
    fake,
  }) => {
    const key = await connect({ services, fake })
    await expireTokens(db)
    const waits: number[] = []
    for (let failure = 0; failure < 7; failure += 1) {
      fake.faults.push(SERVER_ERROR)
      await expect(borrowToken(services, key)).rejects.toThrow('platform/unavailable')
      await expect(borrowToken(services, key)).rejects.toThrow('connection/refresh_busy')
      const { rows } = await db.admin.query<{ wait: number }>(
        `select round(extract(epoch from refresh_not_before - now()))::integer as wait from vault.tokens`,
      )
      waits.push(rows[0]!.wait)
      await endWaits(db)
    }
    expect(waits.map((wait, index) => Math.abs(wait - [30, 60, 120, 240, 480, 900, 900][index]!) <= 2)).toEqual(
      Array(7).fill(true),
    )
    expect(countRefreshes(fake)).toBe(7)
    expect(fake.accepts(await borrowToken(services, key))).toBe(true)
    const { rows } = await db.admin.query('select refresh_failures, refresh_not_before from vault.tokens')
    expect(rows).toEqual([{ refresh_failures: 0, refresh_not_before: null }])
  })

  test('uses its token until that expires when the refresh was early', async ({ db, services, fake }) => {
    const key = await connect({ services, fake })
    const old = await borrowToken(services, key)
    await expireInMinutes(db, 5)
    fake.faults.push(SERVER_ERROR)
    expect(await borrowToken(services, key)).toBe(old)
    expect(await borrowToken(services, key)).toBe(old)
    expect(countRefreshes(fake)).toBe(1)
    await expireTokens(db)
    await expect(borrowToken(services, key)).rejects.toThrow('connection/refresh_busy')
    await endWaits(db)
    expect(await borrowToken(services, key)).not.toBe(old)
  })

  test('does not wait for somebody else while its token is good', async ({ db, services, fake }) => {
    const key = await connect({ services, fake })
    const old = await borrowToken(services, key)
    await expireInMinutes(db, 5)
    await db.admin.query(
      `update vault.tokens set lease_holder = gen_random_uuid(), lease_expires_at = now() + interval '1 minute'`,
    )
    expect(await borrowToken(services, key)).toBe(old)
  })

  test('starts afresh when the person connects again', async ({ db, services, fake }) => {
    const key = await connect({ services, fake })
    await expireTokens(db)
    fake.faults.push(SERVER_ERROR)
    await expect(borrowToken(services, key)).rejects.toThrow('platform/unavailable')
    await db.admin.query('delete from public.sync_runs')
    await connect({ services, fake }, { userId: key.userId })
    await expireTokens(db)
    expect(fake.accepts(await borrowToken(services, key))).toBe(true)
  })
})

describe('a token endpoint that refuses everybody', () => {
  test('is left alone, then asked by one at a time, and by all once it answers', async ({
    db,
    services,
    fake,
    openAnother,
  }) => {
    const people = [1, 2, 3, 4, 5, 6].map((account) => ({ account: String(account) }))
    const keys = []
    for (const person of people) keys.push(await connect({ services, fake }, person))
    const other = openAnother()
    await expireTokens(db)
    fake.faults.push(...Array(3).fill(WRONG_SECRET))
    for (const key of keys.slice(0, 3))
      await expect(borrowToken(services, key)).rejects.toThrow('platform/misconfigured')
    // The fourth is refused by what the first three learnt, in another process too.
    await expect(borrowToken(other, keys[3]!)).rejects.toThrow('platform/misconfigured')
    expect(countRefreshes(fake)).toBe(3)
    const { registry } = createMetrics()
    registerState(registry, services.db)
    expect(await registry.metrics()).toContain('token_endpoint_paused{platform="acme",reason="misconfigured"} 1')

    await endWaits(db)
    fake.faults.push({ ...WRONG_SECRET, delayMs: 300 })
    const outcomes = await Promise.allSettled(
      keys.map((key, index) => borrowToken(index % 2 === 0 ? services : other, key)),
    )
    expect(outcomes.map(({ status }) => status)).toEqual(keys.map(() => 'rejected'))
    expect(countRefreshes(fake)).toBe(4)

    await endWaits(db)
    await borrowToken(other, keys[0]!)
    await endCooldowns(db)
    for (const key of keys) expect(fake.accepts(await borrowToken(services, key))).toBe(true)
    const { rows } = await db.admin.query('select distinct status, status_reason as reason from public.connections')
    expect(rows).toEqual([{ status: 'active', reason: null }])
  })

  test('is not taken for one because of one person, or of failures that were not in a row', async ({
    db,
    services,
    fake,
  }) => {
    const key = await connect({ services, fake })
    for (let time = 0; time < 4; time += 1) {
      await expireTokens(db)
      await endCooldowns(db)
      fake.faults.push(SERVER_ERROR)
      await expect(borrowToken(services, key)).rejects.toThrow('platform/unavailable')
      await endCooldowns(db)
      await borrowToken(services, key)
    }
    const { rows } = await db.admin.query('select failures, paused_until from ops.token_endpoints')
    expect(rows).toEqual([{ failures: 0, paused_until: null }])
    expect(await findStatus(db)).toEqual(ACTIVE)
  })

  test('because of its request limit is left alone at once', async ({ db, services, fake }) => {
    const [one, two] = [
      await connect({ services, fake }, { account: '1' }),
      await connect({ services, fake }, { account: '2' }),
    ]
    await expireTokens(db)
    fake.faults.push({ status: 429, body: '{}' })
    await expect(borrowToken(services, one)).rejects.toThrow('platform/rate_limited')
    await expect(borrowToken(services, two)).rejects.toThrow('platform/rate_limited')
    expect(countRefreshes(fake)).toBe(1)
  })
})
