import { describe, expect } from 'vitest'
import { refreshIdleTokens } from '../../service/connections/refresh-idle-tokens.task.ts'
import { renewConnection } from '../../service/connections/renew-connection.ts'
import { renewIdleTokens } from '../../service/connections/renew-idle-tokens.task.ts'
import { probeConnection } from '../../service/ingestion/probe-connection.ts'
import { bindActions } from '../../service/wire-actions.ts'
import { test as acmeTest, connect as connectAcme, countRefreshes, withOAuth } from '../support/connections.ts'
import { ADA, BELA } from '../support/people.ts'
import { connect, type TestService, testWithFew as test } from '../support/service.ts'

const call = (service: TestService, name: string, { userId = ADA, platform = 'strava' } = {}) =>
  bindActions(service)
    .find((action) => action.name === name)!
    .call({ platform }, { userId, role: 'user' })
const AGED = `update vault.tokens set updated_at = now() - interval '2 minutes'`

describe('refreshConnection', () => {
  test('is refused without a connection, for an unknown platform and for one that needs the person', async ({
    db,
    service,
  }) => {
    await expect(call(service, 'refreshConnection')).rejects.toThrow('connection/not_found')
    await expect(call(service, 'refreshConnection', { platform: 'nowhere' })).rejects.toThrow('platform/unknown')
    await connect(service)
    await expect(call(service, 'refreshConnection', { userId: BELA })).rejects.toThrow('connection/not_found')
    await db.admin.query(
      `update public.connections set status = 'needs_reauth', status_reason = 'connection/reauth_required'`,
    )
    await expect(call(service, 'refreshConnection')).rejects.toThrow('connection/reauth_required')
  })

  test('renews the tokens, and within the next minute changes nothing', async ({ db, service }) => {
    await connect(service)
    expect(await call(service, 'refreshConnection')).toMatchObject({ refreshed: false })
    await db.admin.query(AGED)
    const before = await service.vault.findTokens({ userId: ADA, platform: 'strava' })
    expect(await call(service, 'refreshConnection')).toEqual({
      platform: 'strava',
      status: 'active',
      refreshed: true,
      expiresAt: expect.stringMatching(/^\d{4}-.*Z$/),
    })
    const after = await service.vault.findTokens({ userId: ADA, platform: 'strava' })
    expect(after?.version).not.toBe(before?.version)
    expect(await call(service, 'refreshConnection')).toMatchObject({ refreshed: false })
    expect((await service.vault.findTokens({ userId: ADA, platform: 'strava' }))?.version).toBe(after?.version)
  })
})

describe('checkConnection', () => {
  test('is refused without a connection', async ({ service }) => {
    await expect(call(service, 'checkConnection')).rejects.toThrow('connection/not_found')
    await expect(call(service, 'checkConnection', { platform: 'nowhere' })).rejects.toThrow('platform/unknown')
  })

  test('says that it works, and asks the platform for that', async ({ service }) => {
    await connect(service)
    const works = { platform: 'strava', status: 'active', working: true, missingScopes: [], reason: null }
    expect(await call(service, 'checkConnection')).toEqual(works)
    await service.simulate('POST', '/faults', { next: [{ match: '/athlete', status: 503 }] })
    await expect(call(service, 'checkConnection')).rejects.toThrow('platform/unavailable')
    expect(await call(service, 'checkConnection')).toEqual(works)
  })

  test('says that the person ended it at the platform', async ({ service }) => {
    await connect(service)
    await service.simulate('POST', '/athletes/1/deauthorize')
    expect(await call(service, 'checkConnection')).toEqual({
      platform: 'strava',
      status: 'needs_reauth',
      working: false,
      missingScopes: [],
      reason: 'connection/reauth_required',
    })
  })

  test('does not know when the request limit is reached', async ({ db, service }) => {
    await connect(service)
    await probeConnection(service.ingestion, { userId: ADA, platform: 'strava' })
    await db.admin.query('update ops.request_budgets set used = quota')
    expect(await call(service, 'checkConnection')).toMatchObject({ status: 'active', working: null })
  })
})

describe('tokens that nobody uses', () => {
  const run = (services: Parameters<typeof refreshIdleTokens.run>[1]) => refreshIdleTokens.run({}, services)
  const JOBS = `
    select payload ->> 'userId' as user_id, round(extract(epoch from run_at - now()) / 60)::integer as in_minutes
    from graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id
    where t.identifier = 'renew_idle_tokens' order by run_at`
  const idle = async (
    db: { admin: { query(text: string, values: unknown[]): Promise<unknown> } },
    userId: string,
    days: number,
  ) =>
    db.admin.query(`update vault.tokens set updated_at = now() - make_interval(days => $2) where user_id = $1`, [
      userId,
      days,
    ])

  acmeTest(
    'are renewed long before they die, the longest unused first and spread over the hour',
    async ({ db, services, fake }) => {
      const keys = []
      for (const account of ['1', '2', '3', '4', '5']) keys.push(await connectAcme({ services, fake }, { account }))
      const [fresh, gone, needy, old, oldest] = keys
      await idle(db, fresh!.userId, 29)
      for (const [key, days] of [
        [gone!, 40],
        [needy!, 40],
        [old!, 31],
        [oldest!, 60],
      ] as const)
        await idle(db, key.userId, days)
      await db.admin.query(`update public.connections set status = 'disconnected' where user_id = $1`, [gone!.userId])
      await db.admin.query(`update public.connections set status = 'needs_reauth' where user_id = $1`, [needy!.userId])
      const there = withOAuth(services, { refreshIdleAfterDays: 30 })
      await run(there)
      await run(there)
      const { rows } = await db.admin.query(JOBS)
      expect(rows).toEqual([
        { user_id: oldest!.userId, in_minutes: 0 },
        { user_id: old!.userId, in_minutes: 30 },
      ])
      const takeSpareRequest = async () => undefined
      await renewIdleTokens.run({ userId: oldest!.userId, platform: 'acme' }, { ...there, takeSpareRequest })
      expect(countRefreshes(fake)).toBe(1)
      await renewIdleTokens.run({ userId: oldest!.userId, platform: 'acme' }, { ...there, takeSpareRequest })
      expect(countRefreshes(fake)).toBe(1)
    },
  )

  acmeTest('are left alone where they do not die of it', async ({ db, services, fake }) => {
    const key = await connectAcme({ services, fake })
    await idle(db, key.userId, 1000)
    await run(services)
    expect((await db.admin.query(JOBS)).rows).toEqual([])
  })

  acmeTest('wait for what the request limit leaves over', async ({ services, fake }) => {
    const key = await connectAcme({ services, fake })
    const later = new Date('2026-12-01T00:00:00Z')
    const busy = { ...services, takeSpareRequest: async () => later }
    expect(await renewIdleTokens.run({ userId: key.userId, platform: 'acme' }, busy)).toEqual({ runAgainAt: later })
    expect(countRefreshes(fake)).toBe(0)
  })

  acmeTest('of a connection that has ended meanwhile are nobody’s business', async ({ services, fake }) => {
    const key = await connectAcme({ services, fake })
    const spare = { ...services, takeSpareRequest: async () => undefined }
    await renewIdleTokens.run({ userId: BELA, platform: 'acme' }, spare)
    fake.endGrants()
    await services.db.query({ text: `update vault.tokens set updated_at = now() - interval '2 days'`, values: [] })
    await renewIdleTokens.run({ userId: key.userId, platform: 'acme' }, spare)
    await expect(renewConnection(services, key)).rejects.toThrow('connection/reauth_required')
  })
})
