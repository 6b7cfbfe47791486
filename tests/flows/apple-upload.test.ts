import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect } from 'vitest'
import { createApiKey } from '../../service/access/api-keys.ts'
import { simulateExport } from '../../service/platforms/apple-health/simulator/export.ts'
import type { TestDatabase } from '../support/database.ts'
import { ADA, BELA } from '../support/people.ts'
import { type TestService, testWithFew as test } from '../support/service.ts'
import { ADDRESS, open, send, sign, ZIP } from '../support/upload-scene.ts'

const JSON_TYPE = { 'content-type': 'application/json' }

function anExport(days = 5): Buffer {
  return Buffer.from([...simulateExport({ seed: 7, firstDay: '2024-01-01', days, heartRatesPerDay: 8 }).text].join(''))
}

const count = async (db: TestDatabase, table: string) =>
  (await db.admin.query<{ n: number }>(`select count(*)::integer as n from ${table}`)).rows[0]!.n

async function normalizeAll(db: TestDatabase, service: TestService): Promise<void> {
  await db.admin.query(`select graphile_worker.add_job('normalize_raw_data', job_key => 'normalize_raw_data:' || id,
    payload => json_build_object('userId', user_id, 'createdAt', created_at::text, 'rawId', id)) from raw_fitness_data`)
  await service.work()
}

describe('an upload', () => {
  test('is refused before a byte is read, without a person who may', async ({ db, service }) => {
    const machine = await createApiKey(
      service.apiKeys,
      { kind: 'operator', id: null },
      { name: 'm', scopes: ['webhook:strava'], days: 1 },
    )
    const refused = [
      { authorization: '' },
      { authorization: 'Bearer nonsense' },
      { authorization: await sign(ADA, { key: 'x'.repeat(32) }) },
      { authorization: await sign(ADA, { expires: '-1m' }) },
      { authorization: await sign(ADA, { roles: ['auditor'] }) },
      { authorization: await sign('not-a-uuid') },
      { 'x-api-key': 'trib_nothing' },
      { 'x-api-key': machine.key.reveal() },
    ]
    const statuses = []
    for (const headers of refused)
      statuses.push((await send(service, { headers: { ...ZIP, ...headers }, payload: anExport() })).status)
    expect(statuses).toEqual([401, 401, 401, 401, 403, 401, 401, 403])
    expect(await count(db, 'ops.uploads')).toBe(0)
    expect((await send(service, { url: '/uploads/strava', headers: ZIP, payload: 'x' })).status).toBe(404)
  })

  test.for([
    ['a form', { 'content-type': 'multipart/form-data; boundary=x' }, 'upload/unknown_content', 415],
    ['compressed', { ...ZIP, 'content-encoding': 'gzip' }, 'upload/unknown_content', 415],
    ['with an id that is none', { ...ZIP, 'upload-id': 'seven' }, 'request/malformed', 400],
    ['beginning in the middle', { ...ZIP, 'upload-offset': '5' }, 'upload/wrong_offset', 409],
  ] as const)('is refused when it is sent as %s', async ([, headers, code, status], { service }) => {
    expect(await send(service, { headers, payload: anExport() })).toMatchObject({
      status,
      body: { extensions: { code } },
    })
  })

  test('rests sealed, for its person alone, and is imported by a job that leaves no bytes behind', async ({
    db,
    service,
  }) => {
    const bytes = anExport()
    const sent = await send(service, { headers: ZIP, payload: bytes })
    expect(sent).toMatchObject({ status: 202, body: { receivedBytes: bytes.length, alreadyKnown: false } })
    const { rows } = await db.admin.query<{ sealed: Buffer }>('select bytes_sealed as sealed from ops.upload_chunks')
    expect(rows).toHaveLength(Math.ceil(bytes.length / 1024 ** 2))
    expect(rows[0]!.sealed.includes('HealthData')).toBe(false)
    await expect(
      service.uploads.openUpload({ userId: BELA, platform: 'apple-health' }, rows[0]!.sealed),
    ).rejects.toThrow('vault/unreadable')
    await service.work()
    expect(await count(db, 'samples')).toBeGreaterThan(50)
    expect(await count(db, 'ops.upload_chunks')).toBe(0)
    const run = await db.admin.query('select status, kind from sync_runs where id = $1', [sent.body['syncRunId']])
    expect(run.rows).toEqual([{ status: 'complete', kind: 'upload' }])
    const { rows: uploads } = await db.admin.query('select state, sha256 from ops.uploads')
    expect(uploads).toEqual([{ state: 'done', sha256: createHash('sha256').update(bytes).digest('hex') }])
  })

  test('of the same file is recognised, also under another id, and nothing is imported twice', async ({
    db,
    service,
  }) => {
    const first = await send(service, { headers: ZIP, payload: anExport() })
    await service.work()
    const before = await count(db, 'raw_fitness_data')
    const again = await send(service, { headers: ZIP, payload: anExport() })
    expect(again.body).toMatchObject({ alreadyKnown: true, syncRunId: first.body['syncRunId'] })
    await service.work()
    expect(await count(db, 'raw_fitness_data')).toBe(before)
    expect(await count(db, 'ops.uploads')).toBe(1)
  })

  test('of another file waits for the one that is being imported', async ({ service }) => {
    await send(service, { headers: ZIP, payload: anExport(4) })
    const id = 'dddddddd-dddd-4ddd-8ddd-dddddddddddd'
    const busy = { headers: { ...ZIP, 'upload-id': id }, payload: anExport(5) }
    expect(await send(service, busy)).toMatchObject({ status: 409, body: { extensions: { code: 'upload/busy' } } })
    await service.work()
    const rest = { ...ZIP, 'upload-id': id, 'upload-offset': String(busy.payload.length) }
    expect(await send(service, { headers: rest, payload: Buffer.alloc(0) })).toMatchObject({ status: 202 })
  })

  test('goes on where its connection broke, and tells how far it is to its person alone', async ({ db, service }) => {
    const bytes = Buffer.concat([anExport(), Buffer.alloc(1_500_000, '\n')])
    const id = 'eeeeeeee-eeee-4eee-8eee-eeeeeeeeeeee'
    await cutAfter(service, { id, bytes: bytes.subarray(0, 1_200_000), total: bytes.length })
    const url = `${ADDRESS}/${id}`
    await expect
      .poll(async () => (await send(service, { method: 'GET', url })).body, { timeout: 10_000 })
      .toMatchObject({
        state: 'receiving',
        receivedBytes: 1_200_000,
      })
    const stranger = { authorization: await sign(BELA) }
    expect(await send(service, { method: 'GET', url, headers: stranger })).toMatchObject({ status: 404 })
    const wrong = { ...ZIP, 'upload-id': id, 'upload-offset': '1000000' }
    expect(await send(service, { headers: wrong, payload: 'x' })).toMatchObject({ status: 409 })
    const rest = { ...ZIP, 'upload-id': id, 'upload-offset': '1200000' }
    const done = await send(service, { headers: rest, payload: bytes.subarray(1_200_000) })
    expect(done).toMatchObject({ status: 202, body: { receivedBytes: bytes.length } })
    await service.work()
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    expect((await db.admin.query('select state, sha256 from ops.uploads')).rows).toEqual([{ state: 'done', sha256 }])
  })

  test('is cancelled by its person alone', async ({ db, service }) => {
    await cutAfter(service, { id: ADA, bytes: anExport(1), total: 10_000_000 })
    await expect.poll(() => count(db, 'ops.upload_chunks'), { timeout: 10_000 }).toBe(1)
    const app = open(service)
    const statuses = []
    for (const authorization of [await sign(BELA), '', await sign(ADA), await sign(ADA)])
      statuses.push(
        (await app.inject({ method: 'DELETE', url: `${ADDRESS}/${ADA}`, headers: { authorization } })).statusCode,
      )
    expect([...statuses, await count(db, 'ops.uploads')]).toEqual([404, 401, 204, 404, 0])
    await app.close()
  })
  test('that nobody finishes is forgotten after a day', async ({ db, service }) => {
    await cutAfter(service, { id: ADA, bytes: anExport(1), total: 10_000_000 })
    await expect.poll(() => count(db, 'ops.upload_chunks'), { timeout: 10_000 }).toBe(1)
    const sweep = () => db.service.query("select graphile_worker.add_job('forget_abandoned_uploads', '{}')")
    await sweep()
    await service.work()
    expect(await count(db, 'ops.uploads')).toBe(1)
    await db.admin.query("update ops.uploads set updated_at = now() - interval '25 hours'")
    await sweep()
    await service.work()
    expect(await count(db, 'ops.upload_chunks')).toBe(0)
  })

  test('that is no export fails its run with the reason, and its bytes go', async ({ db, service }) => {
    await send(service, { headers: ZIP, payload: 'PK\u0003\u0004 not a zip' })
    await service.work()
    const { rows } = await db.admin.query('select status, error_code from sync_runs')
    expect(rows).toEqual([{ status: 'failed', error_code: 'upload/damaged' }])
    expect(await count(db, 'ops.upload_chunks')).toBe(0)
  })
})

/** A phone that goes into a tunnel, when all that it sent was read. */
async function cutAfter(
  service: TestService,
  { id, bytes, total }: { id: string; bytes: Buffer; total: number },
): Promise<void> {
  const app = open(service)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const headers = { ...ZIP, authorization: await sign(ADA), 'upload-id': id, 'content-length': total }
  const call = request({ port: (app.server.address() as AddressInfo).port, path: ADDRESS, method: 'POST', headers })
  call.on('error', () => undefined)
  const arrives = once(app.server, 'request')
  await new Promise<void>((resolve) => call.write(bytes, () => resolve()))
  const [body] = (await arrives) as [IncomingMessage]
  // What is only in its buffer goes with the connection.
  const isRead = () => body.socket.bytesRead === call.socket?.bytesWritten && body.readableLength === 0
  await expect.poll(isRead, { timeout: 10_000, interval: 5 }).toBe(true)
  await new Promise((resolve) => call.on('close', resolve).destroy())
  await app.close()
}

describe('what apps post', () => {
  const body = {
    data: {
      metrics: [
        {
          name: 'step_count',
          units: 'count',
          data: [{ date: '2024-02-06 14:30:00 -0800', qty: 42, source: "Sam's iPhone" }],
        },
        { name: 'body_aura', units: 'count', data: [{ date: '2024-02-06 14:30:00 -0800', qty: 1 }] },
      ],
    },
  }

  test('is kept as it came, with an API key of its person, and told what of it is wrong', async ({ db, service }) => {
    const owner = { kind: 'user', id: ADA } as const
    const { key } = await createApiKey(service.apiKeys, owner, {
      name: 'phone',
      scopes: ['upload:apple-health'],
      days: 1,
    })
    const headers = { ...JSON_TYPE, 'x-api-key': key.reveal(), 'automation-aggregation': 'minutes', 'session-id': 'x' }
    const rejected = [{ position: 1, reason: 'body_aura: no kind for it here' }]
    for (let time = 0; time < 2; time += 1)
      expect(await send(service, { headers, payload: JSON.stringify(body) })).toEqual({
        status: 200,
        body: { dataType: 'health_auto_export', rejected },
      })
    await normalizeAll(db, service)
    const { rows } = await db.admin.query(
      'select kind, value::integer, local_day::text, ended_at - started_at as length, source from samples',
    )
    expect(rows).toEqual([
      { kind: 'steps', value: 42, local_day: '2024-02-06', length: { minutes: 1 }, source: "Sam's iPhone" },
    ])
  })

  test.for([
    ['text', '{"data":', 'upload/damaged', 400],
    ['a list of nothing', '[]', 'upload/unknown_content', 415],
    ['another shape', '{"steps":1}', 'upload/unknown_content', 415],
    ['a hundred brackets', `{"data":${'['.repeat(100)}${']'.repeat(100)}}`, 'upload/hostile', 400],
    ['seventeen megabytes', `{"data":{},"x":"${'x'.repeat(17_000_000)}"}`, 'request/too_large', 413],
  ] as const)('is refused as a whole when it is %s', async ([, payload, code, status], { db, service }) => {
    expect(await send(service, { headers: JSON_TYPE, payload })).toMatchObject({
      status,
      body: { extensions: { code } },
    })
    expect(await count(db, 'raw_fitness_data')).toBe(0)
  })

  test('may hold NUL and half of a surrogate pair', async ({ db, service }) => {
    const payload = JSON.stringify(body).replace("Sam's iPhone", 'a\\u0000b\\ud800')
    expect(await send(service, { headers: JSON_TYPE, payload })).toMatchObject({ status: 200 })
    await normalizeAll(db, service)
    expect((await db.admin.query('select source from samples')).rows).toEqual([{ source: 'a\ufffdb\ufffd' }])
  })
})
