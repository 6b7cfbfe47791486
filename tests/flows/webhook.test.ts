import { describe, expect } from 'vitest'
import { createApiKey } from '../../service/access/api-keys.ts'
import { platformWebhook } from '../../service/api/platform.webhook.ts'
import { createServer } from '../../service/api/server.ts'
import { processDelivery } from '../../service/ingestion/process-delivery.task.ts'
import { saveSubscriptionId } from '../../service/ingestion/queries.ts'
import { connect, type TestService, testWithFew as test } from '../support/service.ts'
import {
  deliver,
  deliveries,
  newestActivity,
  normalizeAll,
  rawTypes,
  type StravaEvent,
} from '../support/strava-deliveries.ts'

/** As a relay of ours would, with the key in place of the secret in the path. */
async function relay(service: TestService, key: string): Promise<number> {
  await saveSubscriptionId(service.db, 'strava', '77')
  const app = createServer({ listener: 'public', log: service.log, metrics: service.metrics })
  app.register(platformWebhook, { ...service.ingestion, takeRequest: service.takeRequest })
  const event = {
    object_type: 'activity',
    object_id: 1,
    aspect_type: 'create',
    updates: {},
    owner_id: 1,
    event_time: 1,
  }
  const response = await app.inject({
    method: 'POST',
    url: '/webhooks/strava',
    payload: JSON.stringify({ ...event, subscription_id: 77 }),
    headers: { 'content-type': 'application/json', 'x-api-key': key },
  })
  await app.close()
  return response.statusCode
}

describe('a relayed webhook', () => {
  test('needs a key with the scope of its platform, and is stored like any other', async ({ db, service }) => {
    const operator = { kind: 'operator', id: null } as const
    const make = async (scopes: string[]) =>
      (await createApiKey(service.apiKeys, operator, { name: 'relay', scopes, days: 1 })).key.reveal()
    expect(await relay(service, 'none')).toBe(401)
    expect(await relay(service, await make(['metrics:read']))).toBe(403)
    expect(await deliveries(db)).toEqual([])
    expect(await relay(service, await make(['webhook:strava']))).toBe(200)
    expect(await deliveries(db)).toEqual([{ state: 'received', outcome: null }])
  })
})

describe('a webhook', () => {
  test('that nests too deeply is refused, and nothing is kept of it', async ({ db, service }) => {
    const nested = (levels: number): object => (levels === 0 ? {} : { unknown_to_us: nested(levels - 1) })
    expect(await deliver(service, nested(64))).toBe(400)
    expect(await deliveries(db)).toEqual([])
    expect(await deliver(service, nested(63))).toBe(200)
  })

  test('is stored sealed and queued, once, however often it is delivered', async ({ db, service }) => {
    await connect(service)
    const statuses = await Promise.all(Array.from({ length: 5 }, () => deliver(service, { object_id: 4_711 })))
    expect(statuses).toEqual([200, 200, 200, 200, 200])
    expect(await deliveries(db)).toEqual([{ state: 'received', outcome: null }])
    const { rows } = await db.admin.query<{ body: Buffer }>('select body_sealed as body from ops.webhook_deliveries')
    expect(rows[0]!.body.includes('4711')).toBe(false)
    const jobs = await db.admin.query("select from graphile_worker.jobs where task_identifier = 'process_delivery'")
    expect(jobs.rowCount).toBe(1)
  })

  test('delivered again after it was acted on changes nothing and asks nobody', async ({ db, service }) => {
    await connect(service)
    const event = { object_id: await newestActivity(service) }
    await deliver(service, event)
    await service.work()
    const [before, requests] = [await deliveries(db), await service.simulate('GET', '/requests')]
    expect(await deliver(service, event)).toBe(200)
    await service.work()
    expect(await deliveries(db)).toEqual(before)
    expect(await service.simulate('GET', '/requests')).toEqual(requests)
  })

  test('of an update a second later is another one', async ({ db, service }) => {
    await connect(service)
    const update = { aspect_type: 'update', updates: { title: 'Morning' } }
    await deliver(service, { ...update, event_time: 1 })
    await deliver(service, { ...update, event_time: 2 })
    await deliver(service, { ...update, event_time: 2, updates: { title: 'Evening' } })
    expect(await deliveries(db)).toHaveLength(3)
  })

  test('is answered with 503, not 200, when it cannot be stored', async ({ db, service }) => {
    await connect(service)
    await db.admin.query('alter table ops.webhook_deliveries rename to elsewhere')
    expect(await deliver(service, {})).toBe(503)
  })

  test("brings the platform's present answer, read with the owner's token", async ({ db, service }) => {
    await connect(service)
    const id = await newestActivity(service)
    await deliver(service, { object_id: id })
    await service.work()
    expect(await deliveries(db)).toEqual([{ state: 'processed', outcome: 'store' }])
    expect(await rawTypes(db)).toEqual(['activity'])
  })

  test('that says "deleted" is believed only when the platform agrees', async ({ db, service }) => {
    await connect(service)
    await deliver(service, { aspect_type: 'delete', object_id: await newestActivity(service) })
    await deliver(service, { aspect_type: 'delete', object_id: 999_999_999_999 })
    await service.work()
    expect((await rawTypes(db)).toSorted()).toEqual(['activity', 'activity_deletion'])
  })

  test('that says "deauthorized" is believed only when the tokens no longer work', async ({ db, service }) => {
    await connect(service)
    const deauthorized = {
      object_type: 'athlete',
      object_id: 1,
      aspect_type: 'update',
      updates: { authorized: 'false' },
    }
    const status = async () =>
      (await db.admin.query<{ status: string }>('select status from connections')).rows[0]?.status
    await deliver(service, deauthorized)
    await service.work()
    expect(await deliveries(db)).toEqual([{ state: 'dropped', outcome: 'still_authorized' }])
    expect(await status()).toBe('active')
    await service.simulate('POST', '/athletes/1/deauthorize')
    await deliver(service, { ...deauthorized, event_time: 2 })
    await service.work()
    expect(await status()).toBe('disconnected')
    expect((await db.admin.query('select from vault.tokens')).rowCount).toBe(0)
    expect((await db.admin.query('select from vault.user_keys')).rowCount).toBe(0)
  })

  test('that names an activity of somebody else brings nothing of it', async ({ db, service }) => {
    await connect(service)
    const id = await newestActivity(service)
    expect(await deliver(service, { object_id: id })).toBe(200)
    const { rows } = await db.admin.query<{ id: string }>('select id from ops.webhook_deliveries')
    const { ingestion } = service
    const send: typeof ingestion.send = async (request, platform) => {
      const answer = await ingestion.send(request, platform)
      return { ...answer, text: answer.text.replace(/"athlete":\{"id":\d+/, '"athlete":{"id":31337') }
    }
    await processDelivery.run({ deliveryId: rows[0]!.id }, { ...ingestion, send })
    expect(await deliveries(db)).toEqual([{ state: 'dropped', outcome: 'somebody_elses' }])
    expect(await rawTypes(db)).toEqual([])
  })

  test('waits while the application is not served, and nobody is disconnected', async ({ db, service }) => {
    await connect(service)
    const id = await newestActivity(service)
    const leaving = { object_type: 'athlete', object_id: 1, aspect_type: 'update', updates: { authorized: 'false' } }
    await service.simulate('POST', '/faults', { next: [{ match: '/api/v3/', status: 403, count: 100 }] })
    await deliver(service, leaving)
    await deliver(service, { object_id: id })
    await deliver(service, { object_id: id, aspect_type: 'delete' })
    await service.work()
    expect(await deliveries(db)).toEqual(Array.from({ length: 3 }, () => ({ state: 'received', outcome: null })))
    const { rows } = await db.admin.query(`
      select c.status, s.state, s.retry_at between now() + interval '14 minutes' and now() + interval '16 minutes' as "inAQuarter"
      from connections c join platform_status s using (platform)`)
    expect(rows).toEqual([{ status: 'active', state: 'misconfigured', inAQuarter: true }])
    const asked = await service.simulate('GET', '/requests')
    await service.simulate('POST', '/faults', { next: [] })
    await db.admin.query(`
      update ops.request_pauses set paused_until = now();
      update graphile_worker._private_jobs set run_at = now() where key like 'process_delivery:%'`)
    await service.work()
    expect(await service.simulate('GET', '/requests')).not.toEqual(asked)
    expect((await deliveries(db)).map((each) => (each as { outcome: string }).outcome).toSorted()).toEqual([
      'still_authorized',
      'store',
      'store',
    ])
  })

  test('brings the series of what is new, once, and asks for none of what was typed in', async ({ db, service }) => {
    await connect(service)
    await service.work()
    const kindsAfter = async (event: StravaEvent) => {
      await deliver(service, event)
      await service.work()
      await normalizeAll(db)
      await service.work()
      await db.admin.query("update graphile_worker._private_jobs set run_at = now() where key like 'enrich_activity:%'")
      await service.work()
      const { rows } = await db.admin.query<{ kind: string }>(
        "select data_type as kind from raw_fitness_data where metadata ->> 'source_id' = $1 order by created_at",
        [String(event.object_id)],
      )
      await normalizeAll(db)
      await service.work()
      return rows.map(({ kind }) => kind)
    }
    const { id } = (await service.simulate('POST', '/activity')) as { id: number }
    const all = ['activity', 'activity_streams', 'activity_zones']
    expect(await kindsAfter({ object_id: id })).toEqual(all)
    const renamed = { object_id: id, aspect_type: 'update', updates: { title: 'Evening' } }
    expect(await kindsAfter(renamed)).toEqual([...all, 'activity'])
    const { rows } = await db.admin.query<{ kinds: string }>(
      "select string_agg(distinct kind, ' ') as kinds from activity_streams",
    )
    expect(rows[0]?.kinds).toContain('heart_rate_bpm')
    const typedIn = (await service.simulate('POST', '/activity', { manual: true, has_heartrate: false })) as {
      id: number
    }
    const streams = async () => JSON.stringify(await service.simulate('GET', '/requests')).match(/\/streams[^,]*/)?.[0]
    const before = await streams()
    expect(await kindsAfter({ object_id: typedIn.id })).toEqual(['activity'])
    expect(await streams()).toBe(before)
  })

  test('of somebody else is dropped without a request', async ({ db, service }) => {
    await connect(service)
    await service.work()
    const before = await service.simulate('GET', '/requests')
    await deliver(service, { owner_id: 31_337 })
    await service.work()
    expect(await deliveries(db)).toEqual([{ state: 'dropped', outcome: 'unknown_owner' }])
    expect(await service.simulate('GET', '/requests')).toEqual(before)
  })
})

/** None goes on before so many have their answer: however slow one of them begins, neither has read after the other stored. */
function meetingBefore<Args extends unknown[], Answer>(
  count: number,
  send: (...args: Args) => Promise<Answer>,
): (...args: Args) => Promise<Answer> {
  const { promise: met, resolve } = Promise.withResolvers<void>()
  let here = 0
  return async (...args) => {
    const answer = await send(...args)
    here += 1
    if (here === count) resolve()
    await met
    return answer
  }
}

describe('two deliveries about one record', () => {
  test('that are acted on at once: one of them reads again, for what it read may be the older', async ({
    db,
    service,
  }) => {
    await connect(service)
    await service.work()
    const id = await newestActivity(service)
    for (const event_time of [1, 2]) expect(await deliver(service, { object_id: id, event_time })).toBe(200)
    const { rows } = await db.admin.query<{ id: string }>('select id from ops.webhook_deliveries')
    // Both have read, and wait for the connection: whoever looks before it has its row sees nothing of the other.
    const held = await db.admin.connect()
    await held.query('begin; select from connections for update')
    const ingestion = { ...service.ingestion, send: meetingBefore(2, service.ingestion.send) }
    const running = Promise.all(rows.map((row) => processDelivery.run({ deliveryId: row.id }, ingestion)))
    await new Promise((resolve) => setTimeout(resolve, 700))
    await held.query('commit')
    held.release()
    const results = await running
    expect(results.filter((result) => result !== undefined)).toHaveLength(1)
    expect(await rawTypes(db)).toHaveLength(1)
    await service.work()
    expect(await deliveries(db)).toMatchObject([{ state: 'processed' }, { state: 'processed' }])
  })

  test('of which the slower read it earlier: what it read is not kept, it reads again', async ({ db, service }) => {
    await connect(service)
    await service.work()
    const id = await newestActivity(service)
    expect(await deliver(service, { object_id: id })).toBe(200)
    const { rows } = await db.admin.query<{ id: string }>('select id from ops.webhook_deliveries')
    const { ingestion } = service
    // Between this one's question and its commit, another stores the same record.
    const send: typeof ingestion.send = async (request, platform) => {
      const answer = await ingestion.send(request, platform)
      await db.admin.query(
        `insert into raw_fitness_data (user_id, platform, data_type, raw_data, metadata)
         select user_id, 'strava', 'activity', '{}', jsonb_build_object('source_id', $1::text, 'from', 'webhook') from connections`,
        [String(id)],
      )
      return answer
    }
    const result = await processDelivery.run({ deliveryId: rows[0]!.id }, { ...ingestion, send })
    expect(result?.runAgainAt).toBeInstanceOf(Date)
    expect(await rawTypes(db)).toHaveLength(1)
    expect(await deliveries(db)).toEqual([{ state: 'received', outcome: null }])
    await service.work()
    expect(await rawTypes(db)).toHaveLength(2)
    expect(await deliveries(db)).toMatchObject([{ state: 'processed' }])
  })
})
