import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import { Secret } from '../../service/runtime/secret.ts'
import { listenForDestroyedKeys } from '../../service/vault/key-listener.ts'
import type { TestDatabase } from '../support/database.ts'
import { accessToken, test, type VaultProcess } from '../support/vault-scene.ts'

/** As a process has it, with what it lost on the way. */
async function listening(db: TestDatabase, { vault }: VaultProcess) {
  const lost: string[] = []
  const listener = listenForDestroyedKeys({
    keyring: vault.keyring,
    url: new Secret(db.serviceUrl),
    applicationName: 'test-listener',
    onLost: (error) => void lost.push(error.message),
  })
  await listener.connected
  return { listener, lost }
}

async function eventually(check: () => Promise<void>): Promise<void> {
  for (let left = 200; ; left -= 1) {
    try {
      return await check()
    } catch (error) {
      if (left === 0) throw error
      await sleep(25)
    }
  }
}

describe("destroying a person's key", () => {
  test('makes the tokens unreadable in processes that had it cached, though the sealed tokens are still there', async ({
    db,
    scene,
  }) => {
    const [destroying, other] = [scene.open(), scene.open()]
    const { listener } = await listening(db, other)
    const [alice, bob] = [await scene.person(destroying), await scene.person(destroying)]
    for (const userId of [alice, bob]) expect(await accessToken(other, userId)).toBe('access-1')
    await destroying.db.transaction((tx) => destroying.vault.destroyUserKey(tx, alice))
    await expect(accessToken(destroying, alice)).rejects.toThrow('vault/unreadable')
    await eventually(() => expect(accessToken(other, alice)).rejects.toThrow('vault/unreadable'))
    expect((await db.admin.query('select 1 from vault.tokens')).rowCount).toBe(2)
    expect(await accessToken(other, bob)).toBe('access-1')
    await listener.stop()
  })

  test('is heard however the key went: with the person, by SQL', async ({ db, scene }) => {
    const process = scene.open()
    const { listener } = await listening(db, process)
    const [erased, deleted] = [await scene.person(process), await scene.person(process)]
    const held = await Promise.all(
      [erased, deleted].map(async (userId) => {
        const { rows } = await db.admin.query<{ id: string }>(
          'select key_id as id from vault.user_keys where user_id = $1',
          [userId],
        )
        const keyId = Buffer.from(rows[0]!.id.replaceAll('-', ''), 'hex')
        return process.vault.keyring.userKeys.forOpening(process.db, { userId, keyId })
      }),
    )
    await db.admin.query('delete from public.app_users where user_id = $1', [erased])
    await db.admin.query('delete from vault.user_keys where user_id = $1', [deleted])
    await eventually(async () => {
      for (const key of held) expect(() => key.key).toThrow('vault/keys_unavailable')
    })
    await listener.stop()
  })

  test('that was missed while the connection was down is made up for when it is back', async ({ db, scene }) => {
    const [destroying, other] = [scene.open(), scene.open()]
    const { listener, lost } = await listening(db, other)
    const userId = await scene.person(destroying)
    expect(await accessToken(other, userId)).toBe('access-1')
    await db.admin.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'test-listener'",
    )
    await destroying.db.transaction((tx) => destroying.vault.destroyUserKey(tx, userId))
    await eventually(() => expect(accessToken(other, userId)).rejects.toThrow('vault/unreadable'))
    expect(lost.length).toBeGreaterThan(0)
    await listener.stop()
  })

  test('is bound by the age of the cache where no news arrives', async ({ scene }) => {
    const clock = { nowMs: 0 }
    const [destroying, deaf] = [scene.open(), scene.open({ nowMs: () => clock.nowMs })]
    const userId = await scene.person(destroying)
    expect(await accessToken(deaf, userId)).toBe('access-1')
    await destroying.db.transaction((tx) => destroying.vault.destroyUserKey(tx, userId))
    expect(await accessToken(deaf, userId)).toBe('access-1')
    clock.nowMs = 300_000
    await expect(accessToken(deaf, userId)).rejects.toThrow('vault/unreadable')
  })

  test('is undone with its transaction', async ({ scene }) => {
    const process = scene.open()
    const userId = await scene.person(process)
    const rollback = new Error('rolled back')
    await expect(
      process.db.transaction(async (tx) => {
        await process.vault.destroyUserKey(tx, userId)
        throw rollback
      }),
    ).rejects.toBe(rollback)
    expect(await accessToken(process, userId)).toBe('access-1')
  })

  test('keeps no key for longer than an hour, whatever is asked for', ({ scene }) => {
    expect(() => scene.open({ cacheSeconds: 3_601 })).toThrow('an hour at most')
    expect(() => scene.open({ cacheSeconds: Number.NaN })).toThrow('an hour at most')
  })
})
