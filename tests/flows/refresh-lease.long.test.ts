import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import { disconnectPlatform } from '../../service/connections/disconnect.ts'
import {
  ACTIVE,
  borrowToken,
  connect,
  countRefreshes,
  expireTokens,
  findStatus,
  NEEDS_REAUTH,
  test,
} from '../support/connections.ts'
import type { TestDatabase } from '../support/database.ts'

/** Short enough to watch; the proportions are those of the real ones. */
const quick = {
  leaseMs: 400,
  extendEveryMs: 100,
  requestTimeoutMs: 5_000,
  giveUpAfterMs: 8_000,
  cooldownMs: 1_000,
  pauseMs: 1_000,
}

describe('the lease', () => {
  const hold = (db: TestDatabase, milliseconds: number) =>
    db.admin.query(
      `update vault.tokens set lease_holder = gen_random_uuid(), lease_expires_at = clock_timestamp() + $1 * interval '1 millisecond'`,
      [milliseconds],
    )

  test('of a process that died is taken over when it lapses, and not before', async ({ db, services, fake }) => {
    const key = await connect({ services, fake })
    await expireTokens(db)
    await hold(db, 700)
    const started = performance.now()
    expect(fake.accepts(await borrowToken(services, key))).toBe(true)
    expect(performance.now() - started).toBeGreaterThan(600)
    expect(countRefreshes(fake)).toBe(1)
  })

  test('of a process that lives is waited for, but not for ever', async ({ db, fake, openAnother }) => {
    const services = openAnother({ refreshTiming: { ...quick, giveUpAfterMs: 500 } })
    const key = await connect({ services, fake })
    await expireTokens(db)
    await hold(db, 60_000)
    await expect(borrowToken(services, key)).rejects.toThrow('connection/refresh_busy')
    expect(countRefreshes(fake)).toBe(0)
    expect(services.refreshFailures).toEqual(['acme timed_out_waiting'])
  })

  test('is extended while the platform is slow, so that nobody else asks too', async ({ db, fake, openAnother }) => {
    const processes = [openAnother({ refreshTiming: quick }), openAnother({ refreshTiming: quick })]
    const key = await connect({ services: processes[0]!, fake })
    await expireTokens(db)
    fake.delayMs = 1_500
    const tokens = await Promise.all(Array.from({ length: 10 }, (_, index) => borrowToken(processes[index % 2]!, key)))
    expect(countRefreshes(fake)).toBe(1)
    expect(new Set(tokens).size).toBe(1)
  })

  test('that lapsed under a slow holder still lets one pair in, and both use it', async ({ db, fake, openAnother }) => {
    const timing = { ...quick, leaseMs: 300, extendEveryMs: 60_000 }
    const [slow, fast] = [openAnother({ refreshTiming: timing }), openAnother({ refreshTiming: timing })]
    const key = await connect({ services: slow, fake })
    await expireTokens(db)
    fake.rotates = false
    fake.faults.push({ delayMs: 1_200 })
    const first = borrowToken(slow, key)
    await sleep(400)
    const winner = await borrowToken(fast, key)
    expect(await first).toBe(winner)
    expect((await slow.vault.findTokens(key))?.accessToken.reveal()).toBe(winner)
    expect(countRefreshes(fake)).toBe(2)
  })

  test('that lapsed: a no to the successor does not count once the first pair is stored', async ({
    db,
    fake,
    openAnother,
  }) => {
    const timing = { ...quick, leaseMs: 300, extendEveryMs: 60_000 }
    const [slow, fast] = [openAnother({ refreshTiming: timing }), openAnother({ refreshTiming: timing })]
    const key = await connect({ services: slow, fake })
    await expireTokens(db)
    fake.faults.push({ delayMs: 800, rotateAtOnce: true }, { delayMs: 1_200, rotateAtOnce: true })
    const first = borrowToken(slow, key)
    await sleep(400)
    const second = await borrowToken(fast, key)
    expect(second).toBe(await first)
    expect(fast.refreshFailures).toEqual(['acme invalid_grant'])
    expect(await findStatus(db)).toEqual(ACTIVE)
  })

  test('that lapsed under a holder whose pair comes after all: its successor was told no, and the pair mends that', async ({
    db,
    fake,
    openAnother,
  }) => {
    const timing = { ...quick, leaseMs: 300, extendEveryMs: 60_000 }
    const [slow, fast] = [openAnother({ refreshTiming: timing }), openAnother({ refreshTiming: timing })]
    const key = await connect({ services: slow, fake })
    await expireTokens(db)
    fake.faults.push({ delayMs: 1_200, rotateAtOnce: true })
    const first = borrowToken(slow, key)
    await sleep(400)
    await expect(borrowToken(fast, key)).rejects.toThrow('connection/reauth_required')
    expect(await findStatus(db)).toEqual(NEEDS_REAUTH)
    expect(fake.accepts(await first)).toBe(true)
    expect(await findStatus(db)).toEqual(ACTIVE)
  })
})

describe('a refresh whose connection ends meanwhile', () => {
  test('stores nothing, and what it was granted is revoked', async ({ db, services, fake }) => {
    const key = await connect({ services, fake })
    await expireTokens(db)
    fake.faults.push({ delayMs: 600 })
    const borrowing = borrowToken(services, key)
    await sleep(200)
    await disconnectPlatform(services, key)
    await expect(borrowing).rejects.toThrow('connection/not_found')
    expect((await db.admin.query('select 1 from vault.tokens')).rowCount).toBe(0)
    expect(fake.revoked).toHaveLength(2)
  })

  test('does not touch the tokens of the next connection', async ({ db, services, fake }) => {
    const context = { services, fake }
    const key = await connect(context)
    await expireTokens(db)
    fake.faults.push({ delayMs: 800 })
    const borrowing = borrowToken(services, key)
    await sleep(200)
    await disconnectPlatform(services, key)
    await connect(context, { userId: key.userId })
    const next = (await services.vault.findTokens(key))?.accessToken.reveal()
    expect(await borrowing).toBe(next)
    expect((await services.vault.findTokens(key))?.accessToken.reveal()).toBe(next)
  })
})
