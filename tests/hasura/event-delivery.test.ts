import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import { startEventDelivery } from '../../hasura/local/events/delivery.ts'
import { resolveSubscribers } from '../../hasura/local/events/subscribers.ts'
import { silentLog } from '../../hasura/local/log.ts'
import { ENV, SETTINGS, tablesOf, test } from '../support/delivery-scene.ts'
import { startWebhookReceiver } from '../support/webhook-receiver.ts'

const UNTRIED = { delivered: false, error: false, tries: 0, locked: false, retry_in_seconds: null }
const DELIVERED = { delivered: true, error: false, tries: 1, locked: false, retry_in_seconds: null }

describe('a failing webhook', () => {
  test('is asked again after the interval, as often as configured, and then given up', async ({ scene }) => {
    scene.answer(() => ({ status: 500 }))
    scene.deliver({ retry: { num_retries: 2, interval_sec: 0 } })
    await scene.write(1)
    await expect.poll(scene.state).toEqual([{ ...UNTRIED, id: 1, error: true, tries: 3 }])
    await sleep(100)
    const retries = scene.receiver.calls.map(({ body }) => JSON.parse(body).delivery_info)
    expect(retries).toEqual([0, 1, 2].map((current_retry) => ({ current_retry, max_retries: 2 })))
    expect(new Set(scene.receiver.calls.map(({ body }) => JSON.parse(body).id)).size).toBe(1)
  })

  test('waits for the interval', async ({ scene }) => {
    scene.answer(() => ({ status: 500 }))
    scene.deliver({ retry: { num_retries: 1, interval_sec: 60 } })
    await scene.write(1)
    await expect.poll(scene.state).toEqual([{ ...UNTRIED, id: 1, tries: 1, retry_in_seconds: 60 }])
  })

  test('may name its own delay, even beyond the last retry', async ({ scene }) => {
    scene.answer(() => ({ status: 503, headers: { 'retry-after': '90' } }))
    scene.deliver({ retry: { num_retries: 0 } })
    await scene.write(1)
    await expect.poll(scene.state).toEqual([{ ...UNTRIED, id: 1, tries: 1, retry_in_seconds: 90 }])
  })

  test('that hangs is left after the time limit', async ({ scene }) => {
    scene.answer(() => ({ status: 204, hangs: true }))
    scene.deliver({ retry: { num_retries: 0, timeout_sec: 0.05 } })
    await scene.write(1)
    await expect.poll(scene.state).toEqual([{ ...UNTRIED, id: 1, error: true, tries: 1 }])
    const { rows } = await scene.db.admin.query('select status, response from hdb_catalog.event_invocation_logs')
    expect(rows).toEqual([
      { status: 1000, response: { type: 'client_error', data: { message: 'timeout' }, version: '2' } },
    ])
  })

  test('holds no other event up', async ({ scene }) => {
    scene.answer(({ body }) =>
      JSON.parse(body).event.data.new.id === 1 ? { status: 204, hangs: true } : { status: 204 },
    )
    scene.deliver({ settings: { gracefulShutdownMs: 10 } })
    await scene.write(1)
    await scene.write(2)
    await expect.poll(async () => (await scene.state())[1]).toEqual({ ...DELIVERED, id: 2 })
  })
})

describe('delivery', () => {
  test('sends what Hasura sends, and logs it without the secret', async ({ scene }) => {
    scene.deliver()
    await scene.write(9_007_199)
    await expect.poll(scene.state).toEqual([{ ...DELIVERED, id: 9_007_199 }])
    const [call] = scene.receiver.calls
    expect(call!.path).toBe('/events/article_added')
    expect(call!.headers).toMatchObject({
      'content-type': 'application/json',
      'x-event-secret': 'swordfish',
      'user-agent': 'hasura-graphql-engine/v2.50.10',
    })
    expect(JSON.parse(call!.body)).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?$/),
      trigger: { name: 'article_added' },
      table: { schema: 'public', name: 'article' },
      event: {
        op: 'INSERT',
        data: { old: null, new: { id: 9_007_199 } },
        session_variables: null,
        trace_context: null,
      },
      delivery_info: { current_retry: 0, max_retries: 0 },
    })
    const { rows } = await scene.db.admin.query(
      'select trigger_name, event_id, status, request, response from hdb_catalog.event_invocation_logs',
    )
    expect(rows).toMatchObject([
      {
        trigger_name: 'article_added',
        event_id: JSON.parse(call!.body).id,
        status: 204,
        response: { type: 'webhook_response' },
      },
    ])
    expect(rows[0].request.headers).toEqual([{ name: 'X-Event-Secret', value: 'EVENT_SECRET' }])
    expect(JSON.stringify(rows)).not.toContain('swordfish')
  })

  test('is shared by engines without sending an event twice', async ({ scene }) => {
    for (let engine = 0; engine < 4; engine++) scene.deliver({ settings: { eventsFetchBatchSize: 20 } })
    const ids = Array.from({ length: 400 }, (_, index) => index + 1)
    for (let from = 0; from < 400; from += 40) await scene.write(...ids.slice(from, from + 40))
    await expect
      .poll(async () => (await scene.state()).filter(({ delivered }) => delivered === true).length, { timeout: 10_000 })
      .toBe(400)
    const delivered = scene.receiver.calls.map(({ body }) => JSON.parse(body).event.data.new.id as number)
    expect(delivered.toSorted((one, other) => one - other)).toEqual(ids)
  })

  test('takes over from an engine that died, but only after half an hour', async ({ scene }) => {
    await scene.write(1, 2)
    await scene.db.admin.query(
      `update hdb_catalog.event_log set locked = now() - make_interval(mins => case payload #>> '{data,new,id}' when '1' then 29 else 31 end)`,
    )
    scene.deliver()
    await expect.poll(scene.state).toEqual([
      { ...UNTRIED, id: 1, locked: true },
      { ...DELIVERED, id: 2 },
    ])
  })

  test('survives the loss of its connections', async ({ scene }) => {
    scene.deliver()
    await scene.write(1)
    await expect.poll(scene.state).toEqual([{ ...DELIVERED, id: 1 }])
    await scene.db.admin.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'tributary_hasura' and datname = current_database()`,
    )
    await scene.write(2)
    await expect.poll(async () => (await scene.state())[1], { timeout: 5000 }).toEqual({ ...DELIVERED, id: 2 })
  })
})

describe('stopping', () => {
  test('waits for running calls and takes no more', async ({ scene }) => {
    let release = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const slow = await startWebhookReceiver(async () => {
      await released
      return { status: 204 }
    })
    const { subscribers } = resolveSubscribers(tablesOf(slow.url), ENV)
    const delivery = startEventDelivery({
      pool: scene.db.hasura,
      subscribers,
      propagators: [],
      settings: SETTINGS,
      log: silentLog,
    })
    await scene.write(1)
    await expect.poll(() => slow.calls.length).toBe(1)
    const stopped = delivery.stop()
    await scene.write(2)
    await sleep(50)
    release()
    await stopped
    await slow.close()
    expect(await scene.state()).toEqual([
      { ...DELIVERED, id: 1 },
      { ...UNTRIED, id: 2 },
    ])
  })

  test('gives up on calls that do not end in time, unlocks their events and counts no try', async ({ scene }) => {
    scene.answer(() => ({ status: 204, hangs: true }))
    const delivery = scene.deliver({ settings: { gracefulShutdownMs: 30, eventsHttpPoolSize: 2 } })
    await scene.write(1, 2, 3, 4)
    await expect.poll(() => scene.receiver.calls.length).toBe(2)
    await delivery.stop()
    expect(await scene.state()).toEqual([1, 2, 3, 4].map((id) => ({ ...UNTRIED, id })))
  })
})
