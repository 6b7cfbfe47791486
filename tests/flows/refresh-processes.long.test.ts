import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import type { ConnectionKey } from '../../service/connections/services.ts'
import { Secret } from '../../service/runtime/secret.ts'
import {
  ACTIVE,
  borrowToken,
  connect,
  countRefreshes,
  expireTokens,
  findStatus,
  MASTER_KEY,
  NEEDS_REAUTH,
  type TestServices,
  test,
} from '../support/connections.ts'
import type { TestDatabase } from '../support/database.ts'
import type { FakePlatform } from '../support/fake-platform.ts'
import type { Order } from '../support/refreshing-process.ts'
import { type RefreshingProcesses, startRefreshing } from '../support/refreshing-processes.ts'

const PROCESSES = 4

async function refreshing(
  { db, fake }: { db: TestDatabase; fake: FakePlatform },
  order: Pick<Order, 'callers'> & Partial<Order> & { shares: readonly (readonly ConnectionKey[])[] },
  work: (processes: RefreshingProcesses) => Promise<void>,
): Promise<readonly unknown[]> {
  const { shares, ...rest } = order
  const common = { serviceUrl: db.serviceUrl, platformUrl: fake.url, masterKey: MASTER_KEY.reveal() }
  const processes = await startRefreshing(shares.map((keys) => ({ ...common, ...rest, keys })))
  try {
    await work(processes)
    return await processes.results
  } finally {
    processes.stop()
  }
}

const all = (key: ConnectionKey) => Array.from({ length: PROCESSES }, () => [key])
const start = async (processes: RefreshingProcesses) => processes.signal()

describe('200 callers in four processes who want one expired token', () => {
  test('make one token request', async ({ db, services, fake }) => {
    const key = await connect({ services, fake })
    await expireTokens(db)
    fake.delayMs = 500
    const results = await refreshing({ db, fake }, { shares: all(key), callers: 50 }, start)
    const tokens = results.flat()
    expect(tokens).toHaveLength(200)
    expect(new Set(tokens).size).toBe(1)
    expect(fake.accepts(String(tokens[0]))).toBe(true)
    expect(countRefreshes(fake)).toBe(1)
    expect(await findStatus(db)).toEqual(ACTIVE)
  })

  // Longer than the lease of 30 s: its holder has to extend it, with the timing of production.
  test('make one token request of a platform that answers after 45 seconds', async ({ db, services, fake }) => {
    const key = await connect({ services, fake })
    await expireTokens(db)
    fake.delayMs = 45_000
    const results = await refreshing({ db, fake }, { shares: all(key), callers: 50 }, start)
    const tokens = results.flat()
    expect(tokens).toHaveLength(200)
    expect(new Set(tokens).size).toBe(1)
    expect(fake.accepts(String(tokens[0]))).toBe(true)
    expect(countRefreshes(fake)).toBe(1)
    expect(await findStatus(db)).toEqual(ACTIVE)
  })
})

describe('a process killed between the answer of the platform and its commit', () => {
  const timing = { leaseMs: 2_000, extendEveryMs: 500, giveUpAfterMs: 20_000 }
  const planDeath = (db: TestDatabase) =>
    db.admin.query(`insert into ops.token_endpoints (platform, reason) values ('acme', 'to die')`)

  test('costs that one connection its tokens where the platform rotates them, and nobody asks again and again', async ({
    db,
    services,
    fake,
  }) => {
    const key = await connect({ services, fake }, { account: '1' })
    await planDeath(db)
    await expireTokens(db)
    const bystander = await connect({ services, fake }, { account: '2' })
    const results = await refreshing(
      { db, fake },
      { shares: all(key), callers: 50, timing, diesBeforeCommit: true },
      start,
    )
    expect(results.filter((result) => result === 'killed')).toHaveLength(1)
    const codes = results.filter((result) => result !== 'killed').flat()
    expect(codes).toEqual(Array(150).fill('connection/reauth_required'))
    expect(countRefreshes(fake)).toBe(2)
    const { rows } = await db.admin.query(
      `select status, status_reason as reason, platform_user_id = '1' as killed from public.connections order by platform_user_id`,
    )
    expect(rows).toEqual([
      { status: NEEDS_REAUTH.status, reason: NEEDS_REAUTH.reason, killed: true },
      { status: 'active', reason: null, killed: false },
    ])
    expect(fake.accepts(await borrowToken(services, bystander))).toBe(true)
  })

  test('costs nothing where the old refresh token stays good', async ({ db, services, fake }) => {
    const key = await connect({ services, fake })
    await planDeath(db)
    await expireTokens(db)
    fake.rotates = false
    const results = await refreshing(
      { db, fake },
      { shares: all(key), callers: 50, timing, diesBeforeCommit: true },
      start,
    )
    const tokens = results.filter((result) => result !== 'killed').flat()
    expect(tokens).toHaveLength(150)
    expect(new Set(tokens).size).toBe(1)
    expect(countRefreshes(fake)).toBe(2)
    expect(await findStatus(db)).toEqual(ACTIVE)
  })
})

/**
 * Ten minutes in six seconds: every wait of the product (cooldown and pause of 30 s, a caller's return after a minute) is a hundredth of
 * what it is; the requests, the database, the processes and the number of connections are real.
 */
describe('500 connections during ten minutes of invalid_client', () => {
  const HUNDREDTH = { cooldownMs: 300, pauseMs: 300, requestTimeoutMs: 5_000 }

  test('are all there afterwards, and recover without help', async ({ db, services, fake }) => {
    const keys = await connectMany({ services, fake }, 500)
    await expireTokens(db)
    fake.refusesClient = true
    const shares = Array.from({ length: PROCESSES }, (_, index) => keys.filter((_key, at) => at % PROCESSES === index))
    let asked = 0
    const results = await refreshing(
      { db, fake },
      { shares, callers: 1, timing: HUNDREDTH, everyMs: 600 },
      async (processes) => {
        processes.signal()
        await sleep(6_000)
        asked = countRefreshes(fake)
        expect(await statuses(db)).toEqual([{ status: 'active', reason: null, count: 500 }])
        fake.refusesClient = false
        processes.signal()
      },
    )
    // Three failures, those already under way beside them, and a probe for each pause that is over: not 500 connections times ten.
    expect(asked).toBeGreaterThan(3)
    expect(asked).toBeLessThan(100)
    const met = results as readonly Record<string, number>[]
    expect(met.map((codes) => codes['token'])).toEqual([125, 125, 125, 125])
    expect(met.some((codes) => codes['connection/reauth_required'] !== undefined)).toBe(false)
    expect(await statuses(db)).toEqual([{ status: 'active', reason: null, count: 500 }])
    expect(countRefreshes(fake) - asked).toBeLessThan(520)
    const { rows } = await db.admin.query('select failures, paused_until from ops.token_endpoints')
    expect(rows).toEqual([{ failures: 0, paused_until: null }])
  })
})

const statuses = async ({ admin }: TestDatabase) =>
  (
    await admin.query(
      'select status, status_reason as reason, count(*)::integer as count from public.connections group by 1, 2',
    )
  ).rows

/** Without the consent page: 500 of them would be most of the test. */
async function connectMany(
  { services, fake }: { services: TestServices; fake: FakePlatform },
  count: number,
): Promise<readonly ConnectionKey[]> {
  const keys = Array.from({ length: count }, () => ({ userId: randomUUID(), platform: 'acme' }))
  await services.db.transaction(async (tx) => {
    const ids = keys.map(({ userId }) => userId)
    await tx.query({ text: 'insert into public.app_users (user_id) select unnest($1::uuid[])', values: [ids] })
    await tx.query({
      text: `insert into public.connections (user_id, platform, status, platform_user_id) select id, 'acme', 'active', id from unnest($1::uuid[]) id`,
      values: [ids],
    })
    for (const [index, key] of keys.entries()) {
      const pair = fake.grantTo(String(index))
      const [accessToken, refreshToken] = [new Secret(pair.accessToken), new Secret(pair.refreshToken)]
      await services.vault.storeTokens(tx, key, { accessToken, refreshToken, expiresInSeconds: 21_600 })
    }
  })
  return keys
}
