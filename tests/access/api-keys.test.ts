import { describe, expect } from 'vitest'
import {
  createApiKey,
  type KeyManager,
  type KeyServices,
  revokeApiKey,
  rotateApiKey,
} from '../../service/access/api-keys.ts'
import { authenticateApiKey } from '../../service/access/authenticate-api-key.ts'
import type { AuditEvent } from '../../service/runtime/audit-event.ts'
import { openDatabase } from '../../service/runtime/db.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { test as base, type TestDatabase } from '../support/database.ts'
import { ADA, BELA } from '../support/people.ts'

interface Scene extends KeyServices {
  readonly audited: AuditEvent[]
}

const test = base.extend<{ keys: Scene }>({
  keys: async ({ db }, use) => {
    const database = openDatabase({
      url: new Secret(db.serviceUrl),
      maxConnections: 8,
      applicationName: 'test',
      onIdleError: () => {},
    })
    const audited: AuditEvent[] = []
    const platforms = new Map([
      ['apple-health', {}],
      ['garmin', {}],
    ])
    await use({ db: database, platforms, audited, audit: async (_tx, event) => void audited.push(event) })
    await database.close()
  },
})

const ada: KeyManager = { kind: 'user', id: ADA }
const bela: KeyManager = { kind: 'user', id: BELA }
const operator: KeyManager = { kind: 'operator', id: '99999999-9999-4999-8999-999999999999' }
const UPLOAD = { name: 'my phone', scopes: ['upload:apple-health'], days: 90 }
const HOOK = { name: 'relay', scopes: ['webhook:garmin', 'metrics:read'], days: 30 }

const bearer = (key: string) => ({ authorization: `Bearer ${key}` })
const use = (keys: Scene, key: string) =>
  authenticateApiKey(keys.db, { headers: bearer(key), scope: 'upload:apple-health' })
const later = (db: TestDatabase, id: string, interval: string) =>
  db.admin.query(
    `update api_keys set created_at = created_at - interval '${interval}', expires_at = expires_at - interval '${interval}' where id = $1`,
    [id],
  )

describe('an API key is refused', () => {
  test('when it is none, or only looks like one', async ({ keys }) => {
    const { key } = await createApiKey(keys, ada, UPLOAD)
    const right = key.reveal()
    const other = right.slice(0, -1) + (right.endsWith('A') ? 'B' : 'A')
    const wrong = [
      {},
      { authorization: `Basic ${right}` },
      bearer(''),
      bearer(right.slice(0, 21)),
      bearer(other),
      bearer(`trib_${'0'.repeat(16)}_${right.slice(22)}`),
      { 'x-api-key': `${right}x` },
      { ...bearer(right), 'x-api-key': other },
      { ...bearer(other), 'x-api-key': right },
    ]
    for (const headers of wrong)
      await expect(authenticateApiKey(keys.db, { headers, scope: 'upload:apple-health' })).rejects.toMatchObject({
        code: 'access/key_not_accepted',
      })
  })

  test('when it has expired', async ({ db, keys }) => {
    const { id, key } = await createApiKey(keys, ada, UPLOAD)
    await later(db, id, '90 days')
    await expect(use(keys, key.reveal())).rejects.toMatchObject({
      code: 'access/key_not_accepted',
      facts: { why: 'expired' },
    })
  })

  test('from the moment it is revoked', async ({ keys }) => {
    const { id, key } = await createApiKey(keys, ada, UPLOAD)
    await use(keys, key.reveal())
    const first = await revokeApiKey(keys, ada, id)
    await expect(use(keys, key.reveal())).rejects.toMatchObject({
      code: 'access/key_not_accepted',
      facts: { why: 'revoked' },
    })
    expect(await revokeApiKey(keys, ada, id)).toEqual(first)
  })

  test('for what it has no scope for', async ({ keys }) => {
    const { key } = await createApiKey(keys, ada, UPLOAD)
    for (const scope of ['upload:garmin', 'webhook:apple-health', 'metrics:read'] as const)
      await expect(authenticateApiKey(keys.db, { headers: bearer(key.reveal()), scope })).rejects.toMatchObject({
        code: 'access/scope_missing',
      })
  })
})

describe('an API key is not made', () => {
  test.for([
    ['a person', ada, ['webhook:garmin']],
    ['a person', ada, ['metrics:read']],
    ['a person', ada, ['upload:apple-health', 'metrics:read']],
    ['an operator', operator, ['upload:apple-health']],
    ['a person', ada, ['upload:fitbot']],
    ['a person', ada, ['upload:apple-health:all']],
    ['a person', ada, ['upload:*']],
    ['a person', ada, ['metrics:write']],
    ['a person', ada, ['upload:apple-health', 'upload:apple-health']],
    ['a person', ada, []],
  ] as const)('for %s with scopes that are not theirs to give: %j', async ([, manager, scopes], { keys, db }) => {
    await expect(createApiKey(keys, manager, { ...UPLOAD, scopes })).rejects.toMatchObject({
      code: 'access/scope_unknown',
    })
    expect((await db.admin.query('select from api_keys')).rowCount).toBe(0)
  })

  test('beyond twenty live ones, even when they are asked for at once', async ({ keys, db }) => {
    const made = await Promise.allSettled(Array.from({ length: 24 }, () => createApiKey(keys, ada, UPLOAD)))
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(20)
    expect((await db.admin.query('select from api_keys')).rowCount).toBe(20)
    await expect(createApiKey(keys, bela, UPLOAD)).resolves.toBeDefined()
  })
})

describe("another's API key", () => {
  test('cannot be rotated or revoked by a person', async ({ keys }) => {
    const { id, key } = await createApiKey(keys, ada, UPLOAD)
    const machine = await createApiKey(keys, operator, HOOK)
    for (const other of [id, machine.id]) {
      await expect(revokeApiKey(keys, bela, other)).rejects.toMatchObject({ code: 'access/key_not_found' })
      await expect(rotateApiKey(keys, bela, { id: other, overlapMinutes: 1 })).rejects.toMatchObject({
        code: 'access/key_not_found',
      })
    }
    await expect(use(keys, key.reveal())).resolves.toMatchObject({ userId: ADA })
  })

  test("can be revoked by an operator, and not rotated: the new key would be the operator's to see", async ({
    keys,
  }) => {
    const { id, key } = await createApiKey(keys, ada, UPLOAD)
    await expect(rotateApiKey(keys, operator, { id, overlapMinutes: 1 })).rejects.toMatchObject({
      code: 'access/key_not_found',
    })
    await revokeApiKey(keys, operator, id)
    await expect(use(keys, key.reveal())).rejects.toMatchObject({ code: 'access/key_not_accepted' })
  })
})

describe('an API key', () => {
  test('is accepted in either header, and says whose it is', async ({ keys }) => {
    const { id, key } = await createApiKey(keys, ada, UPLOAD)
    expect(await use(keys, key.reveal())).toEqual({ keyId: id, userId: ADA })
    const headers = { 'x-api-key': key.reveal() }
    expect(await authenticateApiKey(keys.db, { headers, scope: 'upload:apple-health' })).toEqual({
      keyId: id,
      userId: ADA,
    })
    const machine = await createApiKey(keys, operator, HOOK)
    const scraper = { headers: bearer(machine.key.reveal()), scope: 'metrics:read' } as const
    expect(await authenticateApiKey(keys.db, scraper)).toEqual({ keyId: machine.id, userId: null })
  })

  test('is nowhere in the database, whole or in its secret part', async ({ keys, db }) => {
    const { key } = await createApiKey(keys, ada, UPLOAD)
    const kept = await db.admin.query(
      "select to_jsonb(k)::text || encode(d.digest, 'escape') as row from api_keys k join ops.api_key_digests d on d.key_id = k.id",
    )
    const secretPart = key.reveal().slice(22)
    expect(secretPart).toHaveLength(43)
    expect(JSON.stringify(kept.rows)).not.toContain(secretPart)
    expect(JSON.stringify({ key })).not.toContain(secretPart)
  })

  test('lives as long as was asked, and tells when it was last used', async ({ keys, db }) => {
    const { id, key } = await createApiKey(keys, ada, UPLOAD)
    const look = async () =>
      (
        await db.admin.query(
          'select expires_at - created_at as life, last_used_at as used, created_by from api_keys where id = $1',
          [id],
        )
      ).rows[0]
    expect(await look()).toMatchObject({ life: { days: 90 }, used: null, created_by: ADA })
    await use(keys, key.reveal())
    const { used } = (await look()) as { used: Date }
    expect(used).toBeInstanceOf(Date)
    await use(keys, key.reveal())
    expect(await look()).toMatchObject({ used })
  })
})

describe('rotation', () => {
  test('lets both keys work for the overlap, then the new one alone', async ({ keys, db }) => {
    const old = await createApiKey(keys, ada, UPLOAD)
    const fresh = await rotateApiKey(keys, ada, { id: old.id, overlapMinutes: 60 })
    expect(await use(keys, old.key.reveal())).toMatchObject({ keyId: old.id })
    expect(await use(keys, fresh.key.reveal())).toEqual({ keyId: fresh.id, userId: ADA })
    await later(db, old.id, '61 minutes')
    await expect(use(keys, old.key.reveal())).rejects.toMatchObject({ code: 'access/key_not_accepted' })
    expect(await use(keys, fresh.key.reveal())).toEqual({ keyId: fresh.id, userId: ADA })
  })

  test('without an overlap ends the old key at once, and never lengthens its life', async ({ keys, db }) => {
    const old = await createApiKey(keys, ada, UPLOAD)
    await rotateApiKey(keys, ada, { id: old.id, overlapMinutes: 0 })
    await expect(use(keys, old.key.reveal())).rejects.toMatchObject({ facts: { why: 'revoked' } })
    const short = await createApiKey(keys, ada, { ...UPLOAD, days: 1 })
    await rotateApiKey(keys, ada, { id: short.id, overlapMinutes: 7 * 24 * 60 })
    const { rows } = await db.admin.query(
      "select expires_at <= created_at + interval '1 day' as kept from api_keys where id = $1",
      [short.id],
    )
    expect(rows).toEqual([{ kept: true }])
  })

  test('happens once, however often it is asked for at the same time', async ({ keys, db }) => {
    const old = await createApiKey(keys, ada, UPLOAD)
    // The first is held open, so that the others meet it.
    const slow = { ...keys, audit: () => new Promise<void>((resolve) => setTimeout(resolve, 100)) }
    const asked = await Promise.allSettled(
      [1, 2, 3, 4].map(() => rotateApiKey(slow, ada, { id: old.id, overlapMinutes: 5 })),
    )
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect((await db.admin.query('select from api_keys')).rowCount).toBe(2)
  })
})

test('each change of a key is audited in its transaction, without the key', async ({ keys, db }) => {
  const { id, key } = await createApiKey(keys, ada, UPLOAD)
  const fresh = await rotateApiKey(keys, ada, { id, overlapMinutes: 5 })
  await revokeApiKey(keys, operator, fresh.id)
  expect(keys.audited.map(({ action, actor, subjectUserId }) => [action, actor.kind, subjectUserId])).toEqual([
    ['api_key.created', 'user', ADA],
    ['api_key.rotated', 'user', ADA],
    ['api_key.revoked', 'operator', ADA],
  ])
  expect(JSON.stringify(keys.audited)).not.toContain(key.reveal().slice(22))
  const failing = { ...keys, audit: () => Promise.reject(new Error('no trail')) }
  await expect(createApiKey(failing, bela, UPLOAD)).rejects.toThrow('no trail')
  expect((await db.admin.query('select from api_keys where user_id = $1', [BELA])).rowCount).toBe(0)
})
