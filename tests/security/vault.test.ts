import { randomUUID } from 'node:crypto'
import { describe, expect } from 'vitest'
import { lockUser } from '../../service/connections/queries.ts'
import type { Database } from '../../service/runtime/db.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { sql } from '../../service/runtime/sql.ts'
import { createLocalSource } from '../../service/vault/local-source.ts'
import { createVault } from '../../service/vault/vault.ts'
import { MASTER_KEY, test } from '../support/connections.ts'

/** People with a connection row, as a key and tokens need them. */
async function people(db: Database, platforms = ['acme']): Promise<string> {
  const userId = randomUUID()
  await db.transaction(async (tx) => {
    await lockUser(tx, userId)
    for (const platform of platforms) {
      await tx.query(sql`
        insert into public.connections (user_id, platform, status, platform_user_id)
        values (${userId}, ${platform}, 'active', ${randomUUID()})`)
    }
  })
  return userId
}
const pair = { accessToken: new Secret('access-1'), refreshToken: new Secret('refresh-1'), expiresInSeconds: 60 }

describe('stored tokens', () => {
  test('do not open when they are moved to another person, platform or column', async ({
    db,
    services,
    openAnother,
  }) => {
    const { vault } = services
    const [alice, bob] = [await people(services.db, ['acme', 'other']), await people(services.db)]
    for (const owner of [
      { userId: alice, platform: 'acme' },
      { userId: alice, platform: 'other' },
      { userId: bob, platform: 'acme' },
    ]) {
      await services.db.transaction((tx) => vault.storeTokens(tx, owner, pair))
    }
    const copy = (where: string) =>
      db.admin.query(`
        update vault.tokens t set access_token_sealed = s.access_token_sealed, refresh_token_sealed = s.refresh_token_sealed
        from vault.tokens s where s.user_id = '${alice}' and s.platform = 'acme' and ${where}`)
    await copy(`t.user_id = '${bob}'`)
    await copy(`t.platform = 'other'`)
    await expect(openAnother().vault.findTokens({ userId: bob, platform: 'acme' })).rejects.toThrow('vault/unreadable')
    await expect(vault.findTokens({ userId: alice, platform: 'other' })).rejects.toThrow('vault/unreadable')
    expect((await vault.findTokens({ userId: alice, platform: 'acme' }))?.accessToken.reveal()).toBe('access-1')
    await db.admin.query(
      'update vault.tokens set access_token_sealed = refresh_token_sealed, refresh_token_sealed = access_token_sealed',
    )
    await expect(vault.findTokens({ userId: alice, platform: 'acme' })).rejects.toThrow('vault/unreadable')
  })

  test('are read once more where what was read a moment ago does not open any more', async ({ db, services }) => {
    const owner = { userId: await people(services.db), platform: 'acme' }
    await services.db.transaction((tx) => services.vault.storeTokens(tx, owner, pair))
    const { rows } = await db.admin.query(
      'select access_token_sealed, refresh_token_sealed, token_version from vault.tokens',
    )
    const [row] = rows as [Parameters<typeof services.vault.findTokens>[1] & object]
    // As if a rotation had sealed them anew since, and destroyed the key of before.
    const stale = { ...row, access_token_sealed: Buffer.from(row.access_token_sealed).fill(0, 20) }
    expect((await services.vault.findTokens(owner, stale))?.accessToken.reveal()).toBe('access-1')
  })

  test("do not open with another person's key in place of their own", async ({ db, services, openAnother }) => {
    const [alice, bob] = [await people(services.db), await people(services.db)]
    for (const userId of [alice, bob]) {
      await services.db.transaction((tx) => services.vault.storeTokens(tx, { userId, platform: 'acme' }, pair))
    }
    await db.admin.query(`
      update vault.user_keys k set wrapped_key = s.wrapped_key from vault.user_keys s where k.user_id = '${alice}' and s.user_id = '${bob}'`)
    await expect(openAnother().vault.findTokens({ userId: alice, platform: 'acme' })).rejects.toThrow(
      'vault/unreadable',
    )
  })

  test('do not open in another environment or under another master key', async ({ services }) => {
    const owner = { userId: await people(services.db), platform: 'acme' }
    await services.db.transaction((tx) => services.vault.storeTokens(tx, owner, pair))
    const { db } = services
    const openWith = (environment: string, key = MASTER_KEY) =>
      createVault({ db, source: createLocalSource(key, environment), environment }).findTokens(owner)
    await expect(openWith('production')).rejects.toThrow('vault/unreadable')
    const otherKey = new Secret('kIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp8=')
    await expect(openWith('test', otherKey)).rejects.toThrow('vault/keys_unavailable')
    expect((await openWith('test'))?.refreshToken?.reveal()).toBe('refresh-1')
  })

  test('are replaced only by whoever knows their version', async ({ services }) => {
    const owner = { userId: await people(services.db), platform: 'acme' }
    const { db, vault } = services
    await db.transaction((tx) => vault.storeTokens(tx, owner, pair))
    const expectedVersion = (await vault.findTokens(owner))!.version
    const replace = (name: string) =>
      db.transaction((tx) =>
        vault.replaceTokens(tx, owner, { expectedVersion, pair: { ...pair, accessToken: new Secret(name) } }),
      )
    const outcomes = await Promise.all(['a', 'b', 'c'].map(replace))
    expect(outcomes.filter((won) => won)).toHaveLength(1)
    expect((await vault.findTokens(owner))?.accessToken.reveal()).toBe(['a', 'b', 'c'][outcomes.indexOf(true)])
  })
})

describe("a person's key", () => {
  test('is made once, however many need it first at once', async ({ db, services, openAnother }) => {
    const platforms = ['acme', 'other']
    const userId = await people(services.db, platforms)
    const processes = [services, openAnother(), openAnother()]
    await Promise.all(
      processes.flatMap(({ db: own, vault }) =>
        platforms.map((platform) => own.transaction((tx) => vault.storeTokens(tx, { userId, platform }, pair))),
      ),
    )
    expect((await db.admin.query('select 1 from vault.user_keys')).rowCount).toBe(1)
    for (const platform of platforms) {
      expect((await openAnother().vault.findTokens({ userId, platform }))?.accessToken.reveal()).toBe('access-1')
    }
  })

  test('that was destroyed elsewhere never seals again', async ({ db, services, openAnother }) => {
    const owner = { userId: await people(services.db), platform: 'acme' }
    await services.db.transaction((tx) => services.vault.storeTokens(tx, owner, pair))
    await services.vault.findTokens(owner)
    const elsewhere = openAnother()
    await elsewhere.db.transaction((tx) => elsewhere.vault.destroyUserKey(tx, owner.userId))
    await services.db.transaction((tx) => services.vault.storeTokens(tx, owner, pair))
    expect((await db.admin.query('select 1 from vault.user_keys')).rowCount).toBe(1)
    expect((await openAnother().vault.findTokens(owner))?.accessToken.reveal()).toBe('access-1')
  })

  test('once destroyed leaves the tokens unreadable', async ({ services, openAnother }) => {
    const owner = { userId: await people(services.db), platform: 'acme' }
    await services.db.transaction((tx) => services.vault.storeTokens(tx, owner, pair))
    await services.db.transaction((tx) => services.vault.destroyUserKey(tx, owner.userId))
    await expect(services.vault.findTokens(owner)).rejects.toThrow('vault/unreadable')
    await expect(openAnother().vault.findTokens(owner)).rejects.toThrow('vault/unreadable')
  })
})

describe('what is sealed without a person', () => {
  test('opens for its platform and purpose alone', async ({ services: { vault } }) => {
    const box = await vault.sealInbox('acme', Buffer.from('{"id":1}'))
    await expect(vault.openInbox('other', box)).rejects.toThrow('vault/unreadable')
    await expect(
      vault.openOAuthSecret({ platform: 'acme', stateHash: Buffer.alloc(32), kind: 'code' }, box),
    ).rejects.toThrow('vault/unreadable')
    expect((await vault.openInbox('acme', box)).toString()).toBe('{"id":1}')
  })

  test('of one attempt to connect does not open in another', async ({ services: { vault } }) => {
    const attempt = { platform: 'acme', stateHash: Buffer.alloc(32, 1), kind: 'code' } as const
    const box = await vault.sealOAuthSecret(attempt, new Secret('the code'))
    for (const other of [
      { ...attempt, stateHash: Buffer.alloc(32, 2) },
      { ...attempt, kind: 'verifier' as const },
      { ...attempt, platform: 'other' },
    ]) {
      await expect(vault.openOAuthSecret(other, box)).rejects.toThrow('vault/unreadable')
    }
    expect((await vault.openOAuthSecret(attempt, box)).reveal()).toBe('the code')
  })
})
