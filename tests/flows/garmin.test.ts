import { describe, expect } from 'vitest'
import { disconnectPlatform } from '../../service/connections/disconnect.ts'
import { importLegacyConnection } from '../../service/connections/import-legacy.ts'
import { Secret } from '../../service/runtime/secret.ts'
import type { TestDatabase } from '../support/database.ts'
import { connectBoth, HEADERS, normalizeAll, person, test } from '../support/garmin-scene.ts'
import { ADA, BELA } from '../support/people.ts'
import { connect } from '../support/service.ts'

const day = (userId: string, steps: number, more: object = {}) => ({
  userId,
  summaryId: `d${steps}`,
  calendarDate: '2026-01-10',
  startTimeInSeconds: 1_768_003_200,
  startTimeOffsetInSeconds: 3600,
  durationInSeconds: 86_400,
  steps,
  ...more,
})

async function raws({ admin }: TestDatabase): Promise<Record<string, unknown>[]> {
  const { rows } = await admin.query(
    `select user_id, data_type, jsonb_array_length(raw_data) as items from raw_fitness_data where platform = 'garmin' order by 1, 2`,
  )
  return rows
}

async function outcomes({ admin }: TestDatabase): Promise<unknown[]> {
  const { rows } = await admin.query(
    "select state, outcomes from ops.webhook_deliveries where platform = 'garmin' order by received_at",
  )
  return rows
}

async function connectionOf({ admin }: TestDatabase, userId: string): Promise<Record<string, unknown>> {
  const { rows } = await admin.query(
    "select status, missing_scopes, granted_scopes from connections where platform = 'garmin' and user_id = $1",
    [userId],
  )
  return rows[0]
}

describe('a delivery of Garmin', () => {
  test('is refused before it is read when the header names nobody or somebody else', async ({ db, door }) => {
    const { 'content-type': type } = HEADERS
    expect(await door.post({ dailies: [] }, { 'content-type': type })).toBe(401)
    expect(await door.post({ dailies: [] }, { 'content-type': type, 'garmin-client-id': 'another' })).toBe(401)
    expect(await door.post({ dailies: [] }, { ...HEADERS, 'content-encoding': 'gzip' })).toBe(400)
    expect(await outcomes(db)).toEqual([])
  })

  test('is split among its owners; what belongs to nobody, or cannot be read, is dropped alone', async ({
    db,
    service,
    door,
  }) => {
    await connectBoth(service)
    const body = {
      dailies: [day(person.ada, 1), 'x', day('somebody', 9), day(person.bela, 2), { steps: 1 }, day(person.ada, 3)],
      moods: [{ userId: person.ada }],
    }
    expect(await door.post(body)).toBe(200)
    await service.work()
    expect(await raws(db)).toEqual([
      { user_id: ADA, data_type: 'dailies', items: 2 },
      { user_id: BELA, data_type: 'dailies', items: 1 },
    ])
    expect((await outcomes(db)).at(-1)).toEqual({
      state: 'processed',
      outcomes: { stored: 3, not_an_object: 1, unknown_owner: 1, no_user_id: 1, unknown_list: 1 },
    })
  })

  test('sent again, whole or in part, is not news', async ({ db, service, door }) => {
    await connectBoth(service)
    await door.post({ dailies: [day(person.ada, 1)] })
    await door.post({ dailies: [day(person.ada, 1)] })
    await door.post({ dailies: [day(person.ada, 1), day(person.ada, 2)] })
    await service.work()
    expect((await outcomes(db)).map((row) => (row as { outcomes: object }).outcomes)).toEqual([
      { stored: 1 },
      { sent_before: 1, stored: 1 },
    ])
  })

  test('that is large rests in sealed pieces, and a worker goes on where a killed one was', async ({
    db,
    service,
    door,
  }) => {
    await connectBoth(service)
    const items = Array.from({ length: 500 }, (_, index) => day(person.ada, index, { padding: 'x'.repeat(6000) }))
    expect(await door.post({ dailies: items })).toBe(200)
    const { rows } = await db.admin.query<{ largest: number; pieces: number; open: boolean }>(
      `select max(length(bytes_sealed)) as largest, count(*)::int as pieces, bool_or(position(convert_to('padding', 'UTF8') in bytes_sealed) > 0) as open
      from ops.webhook_delivery_chunks`,
    )
    expect(rows[0]!.pieces).toBe(3)
    expect(rows[0]!.largest).toBeLessThan(1024 * 1024 + 200)
    expect(rows[0]!.open).toBe(false)
    await db.admin.query("update ops.webhook_deliveries set items_done = 480 where state = 'received'")
    await service.work()
    expect(await raws(db)).toEqual([{ user_id: ADA, data_type: 'dailies', items: 20 }])
  })

  test('that ends too early, or breaks off, keeps what came whole and never a half', async ({ db, service, door }) => {
    await connectBoth(service)
    const body = JSON.stringify({ dailies: [day(person.ada, 1), day(person.ada, 2)] })
    expect(await door.post(body.slice(0, -20))).toBe(200)
    await service.work()
    expect((await outcomes(db)).at(-1)).toMatchObject({ outcomes: { stored: 1, malformed_body: 1 } })
  })

  test('loses an item that is no JSON, and no other', async ({ db, service, door }) => {
    await connectBoth(service)
    const good = JSON.stringify(day(person.ada, 1))
    await door.post(`{"dailies":[{"userId":"${person.ada}","steps":NaN},{"userId":"${person.ada}" "steps"},${good}]}`)
    await service.work()
    expect((await outcomes(db)).at(-1)).toEqual({ state: 'processed', outcomes: { not_json: 2, stored: 1 } })
  })

  test('that is larger than it may be is refused, told or not, and nothing of it stays', async ({
    db,
    service,
    door,
  }) => {
    const { webhook } = service.ingestion.platforms.get('garmin')!
    const limit = 3 * 1024 * 1024
    expect(webhook!.bodyLimitBytes).toBe(100 * 1024 * 1024)
    Object.assign(webhook!, { bodyLimitBytes: limit })
    const large = JSON.stringify({ dailies: [day(person.ada, 1, { padding: 'x'.repeat(limit) })] })
    expect(await door.post(large)).toBe(413)
    expect(await door.post(new Blob([large]).stream())).toBe(413)
    const left = await db.admin.query(
      'select (select count(*) from ops.webhook_deliveries)::int as deliveries, (select count(*) from ops.webhook_delivery_chunks)::int as pieces',
    )
    expect(left.rows).toEqual([{ deliveries: 0, pieces: 0 }])
    expect(await door.post(large.slice(0, limit))).toBe(200)
  })

  test('with an address that was Garmin’s when it came, and is not any more, sends no token there', async ({
    db,
    service,
    door,
  }) => {
    await connectBoth(service)
    const { callbackURL } = (await service.simulateGarmin('POST', '/people/1/file')) as { callbackURL: string }
    expect(callbackURL).toContain(service.simulatorsUrl)
    const { webhook } = service.ingestion.platforms.get('garmin')!
    const answers = [true]
    Object.assign(webhook!, { isCallbackAllowed: () => answers.pop() ?? false })
    await service.work()
    const { rows } = await db.admin.query('select state, outcome from ops.callbacks')
    expect(rows).toEqual([{ state: 'failed', outcome: 'callback_refused' }])
    expect(door.url).toContain('garmin')
  })

  test('with an address that is not Garmin’s sends no token there', async ({ db, service, door }) => {
    await connectBoth(service)
    await door.post({
      dailies: [{ userId: person.ada, callbackURL: 'https://evil.example/wellness-api/rest/dailies?token=1' }],
    })
    await service.work()
    expect((await outcomes(db)).at(-1)).toEqual({ state: 'dropped', outcomes: { callback_refused: 1 } })
    expect((await db.admin.query('select from ops.callbacks')).rowCount).toBe(0)
  })

  test('of a shorter day never replaces the longer, in whichever order they come', async ({ db, service, door }) => {
    await connectBoth(service)
    await door.post({ dailies: [day(person.ada, 9000)] })
    await service.work()
    await normalizeAll(service, db)
    await door.post({ dailies: [day(person.ada, 100, { durationInSeconds: 900 })] })
    await service.work()
    await normalizeAll(service, db)
    const { rows } = await db.admin.query("select value::int from daily_metrics where kind = 'steps'")
    expect(rows).toEqual([{ value: 9000 }])
  })
})

describe('a connection to Garmin', () => {
  test('is made inside the request limit, and not where that is used up', async ({ db, service, door }) => {
    expect(door.url).toContain('/webhooks/garmin/')
    const limit = (used: string) =>
      db.admin.query(`update ops.request_budgets set used = ${used} where platform = 'garmin' and unit = 'request'`)
    await limit('quota')
    const asked = { platform: 'garmin', userId: ADA, simulate: 'read_only' } as const
    await expect(connect(service, asked)).rejects.toThrow('platform/rate_limited')
    expect(await connectionOf(db, ADA)).toBeUndefined()
    await limit('0')
    await connect(service, asked)
    const { rows } = await db.admin.query(
      "select distinct used from ops.request_budgets where platform = 'garmin' and unit = 'request'",
    )
    // Whose account it is, and what was granted.
    expect(rows).toEqual([{ used: 2 }])
  })

  test('ends when Garmin refuses the tokens, and not because somebody says so', async ({ db, service, door }) => {
    await connectBoth(service)
    await door.post({ deregistrations: [{ userId: person.ada }] })
    await service.work()
    expect(await connectionOf(db, ADA)).toMatchObject({ status: 'active' })
    await service.simulateGarmin('POST', '/people/1/deregister')
    await service.simulateGarmin('POST', '/settle')
    await door.post({ deregistrations: [{ userId: person.ada, again: true }] })
    await service.work()
    expect(await connectionOf(db, ADA)).toMatchObject({ status: 'disconnected' })
    expect(await connectionOf(db, BELA)).toMatchObject({ status: 'active' })
  })

  test('is limited when a permission is taken away, as Garmin and not the delivery tells', async ({
    db,
    service,
    door,
  }) => {
    await connectBoth(service)
    await door.post({ userPermissionsChange: [{ userId: person.ada, permissions: [] }] })
    await service.work()
    expect(await connectionOf(db, ADA)).toMatchObject({ status: 'active' })
    await service.simulateGarmin('POST', '/people/1/permissions', { permissions: ['ACTIVITY_EXPORT'] })
    await service.simulateGarmin('POST', '/settle')
    await service.work()
    expect(await connectionOf(db, ADA)).toEqual({
      status: 'limited',
      missing_scopes: ['HEALTH_EXPORT'],
      granted_scopes: ['ACTIVITY_EXPORT'],
    })
  })

  test('is deregistered at Garmin when the person disconnects', async ({ db, service, door }) => {
    await connectBoth(service)
    await disconnectPlatform(service.connections, { userId: ADA, platform: 'garmin' })
    await service.simulateGarmin('POST', '/settle')
    await expect(service.simulateGarmin('POST', '/people/1/deregister')).rejects.toThrow('404')
    expect(await connectionOf(db, ADA)).toMatchObject({ status: 'disconnected' })
    expect(door.url).toContain('garmin')
  })

  test('of OAuth 1.0a moves by token exchange, once, and a wrong secret moves nothing', async ({
    db,
    service,
    door,
  }) => {
    expect(door.url).toContain('garmin')
    const legacy = (person: number, secret: number) => ({
      platform: 'garmin',
      token: new Secret(`legacy-${person}`),
      tokenSecret: new Secret(`legacy-secret-${secret}`),
    })
    const failed = importLegacyConnection(service.connections, { ...legacy(1, 2), userId: ADA })
    await expect(failed).rejects.toMatchObject({ code: 'platform/refused' })
    expect(await connectionOf(db, ADA)).toBeUndefined()
    expect(await importLegacyConnection(service.connections, { ...legacy(1, 1), userId: ADA })).toBe('imported')
    expect(await importLegacyConnection(service.connections, { ...legacy(1, 1), userId: ADA })).toBe(
      'already_connected',
    )
    expect(await connectionOf(db, ADA)).toMatchObject({ status: 'active' })
    const tokens = await db.admin.query('select from vault.tokens')
    expect(tokens.rowCount).toBe(1)
  })
})
