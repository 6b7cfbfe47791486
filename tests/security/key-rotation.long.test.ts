import { describe, expect } from 'vitest'
import { resealTokens } from '../../service/vault/reseal-tokens.task.ts'
import { rotateDueKeys } from '../../service/vault/rotate-due-keys.task.ts'
import { rotateKeys } from '../../service/vault/rotate-keys.task.ts'
import { startRotation } from '../../service/vault/start-rotation.ts'
import type { TestDatabase } from '../support/database.ts'
import { accessToken, KEY_A, KEY_B, localKey, pairOf, test, type VaultProcess } from '../support/vault-scene.ts'

const rowsOf = async (db: TestDatabase, text: string) => (await db.admin.query<Record<string, unknown>>(text)).rows
const keysOf = (db: TestDatabase) =>
  rowsOf(db, 'select version, master_version, retired_at is not null as retired from vault.user_keys order by version')
const SYSTEM = { kind: 'system', id: null } as const

describe('rotating the master key', () => {
  test('wraps every key anew and touches no token', async ({ db, scene }) => {
    const process = scene.open()
    const people = [await scene.person(process), await scene.person(process, ['acme', 'other'])]
    await process.vault.sealInbox('acme', Buffer.from('{}'))
    const before = await rowsOf(db, 'select access_token_sealed, refresh_token_sealed from vault.tokens order by 1')
    const wrapped = await rowsOf(db, 'select wrapped_key from vault.user_keys order by key_id')
    const rotationId = await scene.rotate(process, 'master')
    expect(await rowsOf(db, 'select access_token_sealed, refresh_token_sealed from vault.tokens order by 1')).toEqual(
      before,
    )
    expect(await rowsOf(db, 'select wrapped_key from vault.user_keys order by key_id')).not.toEqual(wrapped)
    expect(await rowsOf(db, 'select version, state from vault.master_key_versions order by 1')).toEqual([
      { version: 1, state: 'retired' },
      { version: 2, state: 'current' },
    ])
    expect(await rowsOf(db, 'select distinct master_version from vault.purpose_keys')).toEqual([{ master_version: 2 }])
    expect(
      await rowsOf(db, 'select id, kind, status, total_keys, rotated_keys, skipped_keys from public.key_rotations'),
    ).toEqual([{ id: rotationId, kind: 'master', status: 'complete', total_keys: 2, rotated_keys: 2, skipped_keys: 0 }])
    for (const userId of people) expect(await accessToken(scene.open(), userId)).toBe('access-1')
    expect(scene.audited.map(({ action }) => action)).toEqual(['vault.rotation_started', 'vault.rotation_completed'])
  })

  test('moves from one secret to another, and then needs the old one no more', async ({ db, scene }) => {
    const old = scene.open()
    const userId = await scene.person(old)
    const both = scene.open({ source: localKey('test', KEY_B), openingSources: [localKey('test', KEY_A)] })
    await both.vault.keyring.masterKeys.ready(both.db)
    expect(await accessToken(both, userId)).toBe('access-1')
    const due = { db: both.db, audit: scene.audit, masterKeyMaxAgeDays: 365, userKeyMaxAgeDays: 90 }
    await rotateDueKeys.run({}, due)
    await rotateKeys.run({}, { db: both.db, keyring: both.vault.keyring, audit: scene.audit })
    expect(await rowsOf(db, 'select version, state from vault.master_key_versions order by 1')).toEqual([
      { version: 1, state: 'retired' },
      { version: 2, state: 'current' },
    ])
    const next = scene.open({ source: localKey('test', KEY_B) })
    await next.vault.keyring.masterKeys.ready(next.db)
    expect(await accessToken(next, userId)).toBe('access-1')
    await expect(accessToken(scene.open(), userId)).rejects.toThrow('vault/keys_unavailable')
  })

  test('leaves a key that cannot be unwrapped, says so, and keeps the version that it needs', async ({ db, scene }) => {
    const process = scene.open()
    const [broken, whole] = [await scene.person(process), await scene.person(process)]
    await db.admin.query(
      `update vault.user_keys set wrapped_key = set_byte(wrapped_key, 60, get_byte(wrapped_key, 60) # 1) where user_id = '${broken}'`,
    )
    await scene.rotate(process, 'master')
    expect(await rowsOf(db, 'select status, rotated_keys, skipped_keys from public.key_rotations')).toEqual([
      { status: 'complete', rotated_keys: 1, skipped_keys: 1 },
    ])
    expect(await rowsOf(db, 'select state from vault.master_key_versions where version = 1')).toEqual([
      { state: 'opening' },
    ])
    expect(await accessToken(scene.open(), whole)).toBe('access-1')
  })
})

describe("rotating people's keys", () => {
  test('seals their tokens anew, destroys the earlier keys, and makes new ones for what is nobody’s', async ({
    db,
    scene,
  }) => {
    const process = scene.open()
    const userId = await scene.person(process, ['acme', 'other'])
    const inbox = await process.vault.sealInbox('acme', Buffer.from('{"id":1}'))
    const [before] = await rowsOf(db, "select access_token_sealed as box from vault.tokens where platform = 'acme'")
    await scene.rotate(process, 'user')
    expect(await keysOf(db)).toEqual([{ version: 2, master_version: 1, retired: false }])
    for (const platform of ['acme', 'other']) expect(await accessToken(scene.open(), userId, platform)).toBe('access-1')
    expect(
      await rowsOf(
        db,
        "select version, retired_at is not null as retired from vault.purpose_keys where purpose = 'inbox' order by 1",
      ),
    ).toEqual([
      { version: 1, retired: true },
      { version: 2, retired: false },
    ])
    expect((await process.vault.openInbox('acme', inbox)).toString()).toBe('{"id":1}')
    // What a backup still holds is unreadable: its key is gone.
    await db.admin.query("update vault.tokens set access_token_sealed = $1 where platform = 'acme'", [before!['box']])
    await expect(accessToken(scene.open(), userId)).rejects.toThrow('vault/unreadable')
  })

  test('goes on where a killed process stopped', async ({ db, scene }) => {
    const process = scene.open()
    const people = [await scene.person(process), await scene.person(process), await scene.person(process)]
    await startRotation({ db: process.db, audit: scene.audit }, { kind: 'all', actor: SYSTEM })
    // One has a new key and tokens under the old one: killed between the two statements. Another is done.
    await process.db.transaction((tx) => process.vault.renewUserKey(tx, people[0]!))
    await process.db.transaction((tx) => process.vault.renewUserKey(tx, people[1]!))
    await resealTokens.run({ userId: people[1]! }, { db: process.db, keyring: process.vault.keyring })
    expect(await rowsOf(db, 'select status, finished_at from public.key_rotations')).toEqual([
      { status: 'running', finished_at: null },
    ])
    const successor = scene.open()
    await rotateKeys.run({}, { db: successor.db, keyring: successor.vault.keyring, audit: scene.audit })
    expect(await rowsOf(db, 'select retired_at is not null as retired, master_version from vault.user_keys')).toEqual(
      people.map(() => ({ retired: false, master_version: 2 })),
    )
    for (const userId of people) expect(await accessToken(scene.open(), userId)).toBe('access-1')
    expect(await rowsOf(db, 'select status from public.key_rotations')).toEqual([{ status: 'complete' }])
  })

  test('never overwrites what a refresh stores meanwhile, and nobody who reads meanwhile is refused', async ({
    db,
    scene,
  }) => {
    const [rotating, refreshing, reading] = [scene.open(), scene.open(), scene.open()]
    const people = await Promise.all(Array.from({ length: 40 }, () => scene.person(rotating)))
    let going = true
    const written = new Map<string, string>()
    const refresh = async () => {
      for (let round = 2; going; round += 1)
        for (const userId of people) {
          const owner = { userId, platform: 'acme' }
          const expectedVersion = (await refreshing.vault.findTokens(owner))!.version
          const replaced = await refreshing.db.transaction((tx) =>
            refreshing.vault.replaceTokens(tx, owner, { pair: pairOf(round), expectedVersion }),
          )
          expect(replaced).toBe(true)
          written.set(userId, `access-${round}`)
        }
    }
    const read = async () => {
      while (going) for (const userId of people) expect(await accessToken(reading, userId)).toMatch(/^access-\d+$/)
    }
    const beside = [refresh(), read(), read()]
    for (let time = 1; time <= 4; time += 1) await scene.rotate(rotating, 'all')
    going = false
    await Promise.all(beside)
    await scene.rotate(rotating, 'user')
    for (const [userId, text] of written) expect(await accessToken(scene.open(), userId)).toBe(text)
    expect(await rowsOf(db, 'select count(*)::int as keys from vault.user_keys')).toEqual([{ keys: people.length }])
  })

  test('between the reading of tokens and the reading of their key refuses nobody', async ({ scene }) => {
    const rotating = scene.open()
    const userId = await scene.person(rotating)
    const { db } = scene.open()
    let rotated = false
    const query: typeof db.query = async (statement) => {
      const result = await db.query<never>(statement)
      if (!rotated && statement.text.includes('from vault.tokens')) {
        rotated = true
        await scene.rotate(rotating, 'user')
      }
      return result
    }
    const reading = scene.open({ db: { ...db, query } })
    expect(await accessToken(reading, userId)).toBe('access-1')
    expect(rotated).toBe(true)
  })

  test('is one at a time: who asks while it runs is told of that one', async ({ db, scene }) => {
    const { db: pool } = scene.open()
    const ask = () =>
      startRotation({ db: pool, audit: scene.audit }, { kind: 'all', actor: { kind: 'operator', id: null } })
    const answers = await Promise.all([ask(), ask(), ask()])
    expect(new Set(answers.map(({ rotationId }) => rotationId)).size).toBe(1)
    expect(answers.filter(({ isNew }) => isNew)).toHaveLength(1)
    expect(await rowsOf(db, 'select count(*)::int as n from public.key_rotations')).toEqual([{ n: 1 }])
    expect(
      await rowsOf(db, "select count(*)::int as n from graphile_worker.jobs where task_identifier = 'rotate_keys'"),
    ).toEqual([{ n: 1 }])
  })

  test('starts by itself when keys are old, and not before', async ({ db, scene }) => {
    const process = scene.open()
    await scene.person(process)
    const services = { db: process.db, audit: scene.audit, masterKeyMaxAgeDays: 365, userKeyMaxAgeDays: 90 }
    const started = () => rowsOf(db, 'select kind from public.key_rotations')
    await db.admin.query("update vault.user_keys set created_at = now() - interval '89 days'")
    await db.admin.query("update vault.master_key_versions set created_at = now() - interval '364 days'")
    await rotateDueKeys.run({}, services)
    expect(await started()).toEqual([])
    await db.admin.query("update vault.user_keys set created_at = now() - interval '91 days'")
    await rotateDueKeys.run({}, services)
    expect(await started()).toEqual([{ kind: 'user' }])
    await db.admin.query('delete from public.key_rotations')
    await db.admin.query("update vault.master_key_versions set created_at = now() - interval '366 days'")
    await rotateDueKeys.run({}, services)
    expect(await started()).toEqual([{ kind: 'all' }])
  })
})

describe('a key that has sealed enough', () => {
  const store = ({ db, vault }: VaultProcess, userId: string, name: number) =>
    db.transaction((tx) => vault.storeTokens(tx, { userId, platform: 'acme' }, pairOf(name)))

  test('seals no more than its cap', async ({ db, scene }) => {
    const process = scene.open({ limits: { maxSeals: 3, renewAtSeals: Number.MAX_SAFE_INTEGER } })
    const userId = await scene.person(process)
    await expect(store(process, userId, 2)).rejects.toThrow('vault/key_exhausted')
    expect(await rowsOf(db, 'select seals from vault.user_keys')).toEqual([{ seals: '2' }])
    expect(await accessToken(process, userId)).toBe('access-1')
  })

  test('is replaced before its cap, and destroyed when its boxes are sealed anew', async ({ db, scene }) => {
    const process = scene.open({ limits: { maxSeals: 3, renewAtSeals: 2 } })
    const userId = await scene.person(process, ['acme', 'other'])
    await store(process, userId, 3)
    const versions = await keysOf(db)
    expect(versions.at(-1)).toMatchObject({ retired: false })
    expect(versions.length).toBeGreaterThan(1)
    expect(
      await rowsOf(db, "select count(*)::int as n from graphile_worker.jobs where task_identifier = 'reseal_tokens'"),
    ).toEqual([{ n: 1 }])
    await resealTokens.run({ userId }, { db: process.db, keyring: process.vault.keyring })
    expect((await keysOf(db)).map(({ retired }) => retired)).toEqual([false])
    expect([await accessToken(process, userId), await accessToken(process, userId, 'other')]).toEqual([
      'access-3',
      'access-1',
    ])
  })

  test('of a purpose is followed by another, and no process exceeds the cap', async ({ db, scene }) => {
    const limits = { maxSeals: 3, renewAtSeals: 2 }
    const processes = [scene.open({ limits }), scene.open({ limits })]
    const bodies = Array.from({ length: 40 }, (_, index) => Buffer.from(`${index}`))
    const together = bodies.slice(20).map((body) => ({ platform: 'acme', body }))
    const boxes = (
      await Promise.all([
        ...bodies.slice(0, 20).map(async (body, index) => [await processes[index % 2]!.vault.sealInbox('acme', body)]),
        processes[0]!.vault.sealDeliveries(together),
      ])
    ).flat()
    expect(boxes).toHaveLength(40)
    const perKey = new Map<string, number>()
    for (const box of boxes) {
      const keyId = box.subarray(26, 42).toString('hex')
      perKey.set(keyId, (perKey.get(keyId) ?? 0) + 1)
    }
    expect(Math.max(...perKey.values())).toBeLessThanOrEqual(3)
    expect(await rowsOf(db, 'select count(*)::int as n from vault.purpose_keys where seals > 3')).toEqual([{ n: 0 }])
    const third = scene.open({ limits })
    for (const [index, box] of boxes.entries())
      expect((await third.vault.openInbox('acme', box)).toString()).toBe(`${index}`)
  })
})
