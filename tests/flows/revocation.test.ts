import { describe, expect } from 'vitest'
import { disconnectPlatform } from '../../service/connections/disconnect.ts'
import { attemptRevocation } from '../../service/connections/revoke-at-platform.ts'
import { revokeTokens } from '../../service/connections/revoke-tokens.task.ts'
import { borrowToken, connect, countRefreshes, type TestServices, test, withOAuth } from '../support/connections.ts'
import type { TestDatabase } from '../support/database.ts'

const pending = async ({ admin }: TestDatabase) =>
  (await admin.query<{ id: string; attempts: number }>('select id, attempts from vault.pending_revocations')).rows
const statusOf = async ({ admin }: TestDatabase) =>
  (await admin.query<{ status: string }>('select revocation_status as status from public.connections')).rows[0]?.status
const retry = (services: TestServices, revocationId: string) => revokeTokens.run({ revocationId }, services)
const BEARER = {
  revokedBy: 'access_token',
} as const

/** A platform that takes the access token itself, and no other. */
function bearer(services: TestServices): TestServices {
  const { tokenUrl } = services.platforms.get('acme')!.oauth!
  const url = tokenUrl.replace('/token', '/revoke')
  return withOAuth(services, {
    ...BEARER,
    revocation: (token) => ({ method: 'DELETE', url, headers: { authorization: `Bearer ${token.reveal()}` } }),
  })
}

describe('a platform that does not confirm a revocation', () => {
  test('is asked again, with tokens that nothing else can use', async ({ db, services, fake }) => {
    const key = await connect({ services, fake })
    const tokens = await services.vault.findTokens(key)
    fake.revocationStatus = 503
    expect(await disconnectPlatform(services, key)).toMatchObject({
      platformConfirmed: false,
      revocationStatus: 'pending',
    })
    expect(await statusOf(db)).toBe('pending')
    await expect(borrowToken(services, key)).rejects.toThrow('connection/not_found')
    expect((await db.admin.query('select 1 from vault.tokens union all select 1 from vault.user_keys')).rowCount).toBe(
      0,
    )
    const { rows: jobs } = await db.admin.query(`
      select task_identifier as task, run_at between now() and now() + interval '1 minute' as soon from graphile_worker.jobs
      where task_identifier = 'revoke_tokens'`)
    expect(jobs).toEqual([{ task: 'revoke_tokens', soon: true }])

    const [{ id } = { id: '' }] = await pending(db)
    expect(await retry(services, id)).toEqual({ runAgainAt: expect.any(Date) })
    expect(await pending(db)).toEqual([{ id, attempts: 2 }])
    fake.revocationStatus = 200
    expect(await retry(services, id)).toBeUndefined()
    expect(fake.revoked).toEqual(Array(3).fill(tokens?.refreshToken?.reveal()))
    expect(await pending(db)).toEqual([])
    expect(await statusOf(db)).toBe('confirmed')
    expect(await attemptRevocation(services, id)).toEqual({ outcome: 'settled', attempts: 0 })
  })

  test('waits longer each time, and six hours at most', async ({ db, services, fake }) => {
    const key = await connect({ services, fake })
    fake.revocationStatus = 500
    await disconnectPlatform(services, key)
    const [{ id } = { id: '' }] = await pending(db)
    const minutes: number[] = []
    for (const attempts of [0, 1, 5, 30]) {
      await db.admin.query('update vault.pending_revocations set attempts = $1', [attempts])
      const result = await retry(services, id)
      minutes.push(Math.round((result!.runAgainAt.getTime() - Date.now()) / 60_000))
    }
    expect(minutes).toEqual([2, 4, 64, 360])
  })

  test('is given up after seven days, and the tokens are deleted', async ({ db, services, fake }) => {
    const key = await connect({ services, fake })
    fake.revocationStatus = 503
    await disconnectPlatform(services, key)
    const { rows } = await db.admin.query(`
      select gives_up_at between now() + interval '6 days 23 hours' and now() + interval '7 days' as week from vault.pending_revocations`)
    expect(rows).toEqual([{ week: true }])
    await db.admin.query(`update vault.pending_revocations set gives_up_at = now() - interval '1 second'`)
    const [{ id } = { id: '' }] = await pending(db)
    expect(await retry(services, id)).toBeUndefined()
    expect(await pending(db)).toEqual([])
    expect(await statusOf(db)).toBe('given_up')
  })

  test('is not asked any more once the account is connected again', async ({ db, services, fake }) => {
    const key = await connect({ services, fake })
    fake.revocationStatus = 503
    await disconnectPlatform(services, key)
    const [{ id } = { id: '' }] = await pending(db)
    await connect({ services, fake }, { userId: key.userId })
    expect(await statusOf(db)).toBeNull()
    await retry(services, id)
    expect(fake.revoked).toHaveLength(1)
    expect(await pending(db)).toEqual([])
  })

  test('is not asked any more once another person has the account', async ({ db, services, fake }) => {
    fake.revocationStatus = 503
    await disconnectPlatform(services, await connect({ services, fake }, { account: '1' }))
    await connect({ services, fake }, { account: '2' })
    expect(await pending(db)).toHaveLength(1)
    await connect({ services, fake }, { account: '1' })
    expect(await pending(db)).toEqual([])
  })

  test('keeps what is sealed for one revocation from opening as another', async ({ db, services, fake }) => {
    const key = await connect({ services, fake })
    fake.revocationStatus = 503
    await disconnectPlatform(services, key)
    await db.admin.query('update vault.pending_revocations set id = gen_random_uuid()')
    const [{ id } = { id: '' }] = await pending(db)
    await retry(services, id)
    expect(fake.revoked).toHaveLength(1)
  })
})

describe('a platform that revokes with the access token', () => {
  test('is given a new one when the old one has expired, which is kept before it is used', async ({
    db,
    services,
    fake,
  }) => {
    const there = bearer(services)
    const key = await connect({ services: there, fake })
    fake.expireAccessTokens()
    fake.revocationStatus = 503
    expect(await disconnectPlatform(there, key)).toMatchObject({ revocationStatus: 'pending' })
    expect(countRefreshes(fake)).toBe(1)
    const [{ id } = { id: '' }] = await pending(db)
    fake.revocationStatus = 200
    await retry(there, id)
    expect(await statusOf(db)).toBe('confirmed')
    expect(countRefreshes(fake)).toBe(1)
    expect(new Set(fake.revoked).size).toBe(2)
  })

  test('has confirmed when neither token is good any more', async ({ services, fake }) => {
    const there = bearer(services)
    const key = await connect({ services: there, fake })
    fake.endGrants()
    expect(await disconnectPlatform(there, key)).toMatchObject({
      platformConfirmed: true,
      revocationStatus: 'confirmed',
    })
  })
})

describe('a revocation', () => {
  test('is never sent to a host that is not on the list', async ({ db, services, fake }) => {
    const key = await connect({ services, fake })
    const elsewhere = withOAuth(services, { hosts: ['www.example.com'] })
    expect(await disconnectPlatform(elsewhere, key)).toMatchObject({ revocationStatus: 'pending' })
    expect(fake.revoked).toEqual([])
    expect(await pending(db)).toHaveLength(1)
  })
})
