import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { describe, expect } from 'vitest'
import { disconnectPlatform } from '../../service/connections/disconnect.ts'
import { endByPlatform, findConnectionByAccount } from '../../service/connections/find-connection.ts'
import { withAccessToken } from '../../service/connections/with-access-token.ts'
import { noteDelivery } from '../../service/ingestion/note-delivery.ts'
import { connect, type TestServices, test } from '../support/connections.ts'

const rowsOf = async (pool: pg.Pool, query: string) => (await pool.query<Record<string, unknown>>(query)).rows
const CONNECTIONS = `select platform, status, status_reason, disconnected_at is not null as ended from public.connections order by platform`
const KEY_OWNERS = 'select user_id from vault.user_keys'

describe('disconnecting', () => {
  test('is refused where there is no connection, or none any more', async ({ services, fake }) => {
    const key = await connect({ services, fake })
    await expect(disconnectPlatform(services, { ...key, platform: 'nowhere\0' })).rejects.toThrow('platform/unknown')
    await expect(disconnectPlatform(services, { ...key, platform: 'other' })).rejects.toThrow('connection/not_found')
    await expect(disconnectPlatform(services, { ...key, userId: randomUUID() })).rejects.toThrow('connection/not_found')
    await disconnectPlatform(services, key)
    await expect(disconnectPlatform(services, key)).rejects.toThrow('connection/not_found')
    expect(fake.revoked).toHaveLength(1)
  })

  test('forgets the tokens, cancels what runs and revokes at the platform', async ({ db, services, fake }) => {
    const key = await connect({ services, fake })
    const tokens = await services.vault.findTokens(key)
    expect(await disconnectPlatform(services, key)).toEqual({
      platform: 'acme',
      status: 'disconnected',
      platformConfirmed: true,
      revocationStatus: 'confirmed',
    })
    expect(fake.revoked).toEqual([tokens?.refreshToken?.reveal()])
    expect(await rowsOf(db.admin, CONNECTIONS)).toEqual([
      { platform: 'acme', status: 'disconnected', status_reason: null, ended: true },
    ])
    expect(await rowsOf(db.admin, 'select status from public.sync_runs')).toEqual([{ status: 'cancelled' }])
    expect(await rowsOf(db.admin, 'select 1 from vault.tokens')).toEqual([])
  })

  test('has happened here even when the platform fails', async ({ db, services, fake }) => {
    const key = await connect({ services, fake })
    fake.revocationStatus = 503
    expect(await disconnectPlatform(services, key)).toMatchObject({ status: 'disconnected', platformConfirmed: false })
    expect(await rowsOf(db.admin, 'select 1 from vault.tokens')).toEqual([])
  })

  test('has happened here even when the tokens cannot be opened', async ({ db, services, fake }) => {
    const key = await connect({ services, fake })
    await db.admin.query(`
      update vault.tokens set access_token_sealed = set_byte(access_token_sealed, 40, 255 - get_byte(access_token_sealed, 40))`)
    expect(await disconnectPlatform(services, key)).toMatchObject({ status: 'disconnected', platformConfirmed: false })
    expect(await rowsOf(db.admin, 'select 1 from vault.tokens')).toEqual([])
    expect(fake.revoked).toEqual([])
  })

  test("destroys the person's key with the last connection, and nobody else's", async ({ db, services, fake }) => {
    const context = { services, fake }
    const first = await connect(context, { account: '1' })
    const second = await connect(context, { userId: first.userId, platform: 'other', account: '1' })
    const bystander = await connect(context, { account: '2' })
    await disconnectPlatform(services, first)
    expect(await withAccessToken(services, second, async (token) => fake.accepts(token.reveal()))).toBe(true)
    await disconnectPlatform(services, second)
    expect(await rowsOf(db.admin, KEY_OWNERS)).toEqual([{ user_id: bystander.userId }])
    expect(await withAccessToken(services, bystander, async (token) => fake.accepts(token.reveal()))).toBe(true)
  })

  test('and connecting again gives the same connection and a new key', async ({ db, services, fake }) => {
    const context = { services, fake }
    const first = await connect(context)
    const before = await rowsOf(db.admin, 'select key_id from vault.user_keys')
    await disconnectPlatform(services, first)
    const again = await connect(context, { userId: first.userId })
    expect(again).toEqual(first)
    expect(await rowsOf(db.admin, 'select key_id from vault.user_keys')).not.toEqual(before)
    expect(await rowsOf(db.admin, CONNECTIONS)).toEqual([
      { platform: 'acme', status: 'active', status_reason: null, ended: false },
    ])
  })

  test('one platform while connecting another never leaves tokens without their key', async ({
    services,
    fake,
    openAnother,
  }) => {
    const first = await connect({ services, fake })
    const other = openAnother()
    let disconnecting: Promise<unknown> = Promise.resolve()
    const slowly: TestServices = {
      ...services,
      // The new tokens are sealed by now, and not yet committed.
      async queueHistory(tx, key) {
        disconnecting = disconnectPlatform(other, first)
        await sleep(400)
        return await services.queueHistory(tx, key)
      },
    }
    const second = await connect({ services: slowly, fake }, { userId: first.userId, platform: 'other' })
    expect(await disconnecting).toMatchObject({ status: 'disconnected' })
    expect(await withAccessToken(openAnother(), second, async (token) => fake.accepts(token.reveal()))).toBe(true)
  })

  test('frees the account for another person', async ({ services, fake }) => {
    const context = { services, fake }
    await disconnectPlatform(services, await connect(context, { account: '4711' }))
    const next = await connect(context, { account: '4711' })
    expect(await findConnectionByAccount(services.db, { platform: 'acme', platformUserId: '4711' })).toEqual({
      userId: next.userId,
      status: 'active',
    })
  })
})

describe('an end at the platform', () => {
  test('forgets tokens and key, asks nothing of the platform, and may be told twice', async ({
    db,
    services,
    fake,
  }) => {
    const key = await connect({ services, fake })
    for (let time = 0; time < 2; time += 1) await services.db.transaction((tx) => endByPlatform(services, tx, key))
    expect(await rowsOf(db.admin, CONNECTIONS)).toEqual([
      { platform: 'acme', status: 'disconnected', status_reason: 'connection/ended_at_platform', ended: true },
    ])
    expect(await rowsOf(db.admin, 'select 1 from vault.tokens')).toEqual([])
    expect(await rowsOf(db.admin, KEY_OWNERS)).toEqual([])
    expect(fake.revoked).toEqual([])
    await expect(withAccessToken(services, key, async () => 'used')).rejects.toThrow('connection/not_found')
  })
})

describe('a connection', () => {
  test('is found by its account while it lasts', async ({ services, fake }) => {
    const key = await connect({ services, fake }, { account: '4711' })
    const account = { platform: 'acme', platformUserId: '4711' }
    expect(await findConnectionByAccount(services.db, account)).toEqual({ userId: key.userId, status: 'active' })
    expect(await findConnectionByAccount(services.db, { ...account, platform: 'other' })).toBeUndefined()
    await disconnectPlatform(services, key)
    expect(await findConnectionByAccount(services.db, account)).toBeUndefined()
  })

  test('remembers when the platform last spoke, and when it last brought data', async ({ db, services, fake }) => {
    const key = await connect({ services, fake })
    const note = (synced: boolean) =>
      services.db.transaction((tx) => noteDelivery({ countStrategyChange: () => {} }, tx, { ...key, synced }))
    const times = `select last_webhook_at > now() - interval '1 minute' as heard, last_synced_at is not null as synced from public.connections`
    await note(false)
    expect(await rowsOf(db.admin, times)).toEqual([{ heard: true, synced: false }])
    await note(true)
    await note(false)
    expect(await rowsOf(db.admin, times)).toEqual([{ heard: true, synced: true }])
  })
})
