import { describe, expect } from 'vitest'
import { declareBudget, noteFailedRequest, takeRequest } from '../../service/ingestion/budget.ts'
import { sendWithinBudget } from '../../service/ingestion/within-budget.ts'
import { type Database, openDatabase } from '../../service/runtime/db.ts'
import { AppError } from '../../service/runtime/errors.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { test as base, type TestDatabase } from '../support/database.ts'

const test = base.extend<{ plain: Database }>({
  plain: async ({ db }, use) => {
    const plain = openDatabase({
      url: new Secret(db.serviceUrl),
      maxConnections: 2,
      applicationName: 'test',
      onIdleError: () => undefined,
    })
    await db.admin.query("insert into platforms (id, display_name) values ('acme', 'Acme')")
    await declareBudget(plain, 'acme', [{ name: 'day', seconds: 86_400, quota: 10_000 }])
    await use(plain)
    await plain.close()
  },
})

const state = async ({ admin }: TestDatabase) =>
  (await admin.query<{ state: string }>('select state from ops.circuit_breakers')).rows[0]!.state

/** So many requests, the last `failing` of them without an answer. */
async function ask(plain: Database, requests: number, failing: number): Promise<void> {
  for (let request = 0; request < requests; request += 1) {
    await takeRequest(plain, 'acme', 'interactive')
    if (request >= requests - failing) await noteFailedRequest(plain, 'acme')
  }
}

describe('the circuit breaker of a platform', () => {
  test('stays closed for four failures, and opens with the fifth', async ({ db, plain }) => {
    await ask(plain, 4, 4)
    expect(await state(db)).toBe('closed')
    await ask(plain, 1, 1)
    expect(await state(db)).toBe('open')
  })

  test('names the moment of the next probe to whoever comes before', async ({ db, plain }) => {
    await ask(plain, 5, 5)
    const { rows } = await db.admin.query<{ open_until: Date }>('select open_until from ops.circuit_breakers')
    expect(await takeRequest(plain, 'acme', 'interactive')).toEqual(rows[0]!.open_until)
    expect(await state(db)).toBe('open')
  })

  test('stays closed while fewer than half of the requests fail, and opens with the half', async ({ db, plain }) => {
    await ask(plain, 12, 5)
    expect(await state(db)).toBe('closed')
    await ask(plain, 2, 2)
    expect(await state(db)).toBe('open')
  })

  test('forgets after a minute', async ({ db, plain }) => {
    await ask(plain, 4, 4)
    await db.admin.query("update ops.circuit_breakers set window_ends_at = now() - interval '1 ms'")
    await ask(plain, 1, 1)
    await ask(plain, 3, 3)
    expect(await state(db)).toBe('closed')
    await ask(plain, 1, 1)
    expect(await state(db)).toBe('open')
  })

  test('counts for its own minute a failure of a request that began in the one before', async ({ db, plain }) => {
    await ask(plain, 4, 4)
    await db.admin.query("update ops.circuit_breakers set window_ends_at = now() - interval '1 ms'")
    await noteFailedRequest(plain, 'acme')
    expect(await state(db)).toBe('closed')
  })

  test('counts a request without an answer, and none that was never sent', async ({ db, plain }) => {
    const budgeted = { platform: 'acme', urgency: 'interactive', readBudget: () => [] } as const
    const fail = (code: 'platform/unavailable' | 'request/malformed') =>
      sendWithinBudget(plain, budgeted, () => Promise.reject(new AppError(code))).catch(() => undefined)
    for (let request = 0; request < 6; request += 1) await fail('request/malformed')
    expect(await state(db)).toBe('closed')
    for (let request = 0; request < 6; request += 1) await fail('platform/unavailable')
    expect(await state(db)).toBe('open')
  })

  test('stays open for about 5 seconds, twice as long after each probe that fails, and never beyond a minute and a fifth', async ({
    db,
    plain,
  }) => {
    await ask(plain, 5, 5)
    for (const seconds of [5, 10, 20, 40, 60, 60]) {
      const { rows } = await db.admin.query<{ seconds: number }>(
        'select extract(epoch from open_until - changed_at)::float8 as seconds from ops.circuit_breakers',
      )
      expect(rows[0]!.seconds).toBeGreaterThan(seconds * 0.79)
      expect(rows[0]!.seconds).toBeLessThan(seconds * 1.21)
      await db.admin.query('update ops.circuit_breakers set open_until = now()')
      await ask(plain, 1, 1)
    }
  })

  test('lets one of several through that come at once when a probe is due', async ({ db, plain }) => {
    await ask(plain, 5, 5)
    await db.admin.query('update ops.circuit_breakers set open_until = now()')
    const held = await db.admin.connect()
    await held.query('begin; select from ops.circuit_breakers for update')
    const answers = Promise.all([1, 2].map(() => takeRequest(plain, 'acme', 'interactive')))
    await new Promise((resolve) => setTimeout(resolve, 200))
    await held.query('commit')
    held.release()
    expect((await answers).filter((waitUntil) => waitUntil === undefined)).toHaveLength(1)
  })

  test('lets another probe through once the first has been silent for 75 seconds', async ({ db, plain }) => {
    await ask(plain, 5, 5)
    await db.admin.query('update ops.circuit_breakers set open_until = now()')
    expect(await takeRequest(plain, 'acme', 'interactive')).toBeUndefined()
    expect(await takeRequest(plain, 'acme', 'interactive')).toBeInstanceOf(Date)
    const { rows } = await db.admin.query(
      "select probe_until between now() + interval '70 seconds' and now() + interval '75 seconds' as in_time from ops.circuit_breakers",
    )
    expect(rows).toEqual([{ in_time: true }])
    await db.admin.query('update ops.circuit_breakers set probe_until = now()')
    expect(await takeRequest(plain, 'acme', 'interactive')).toBeUndefined()
  })
})
