import { describe, expect, onTestFinished, test } from 'vitest'
import { type ReceivedCall, startWebhookReceiver, type WebhookReply } from '../support/webhook-receiver.ts'
import { startEmptyEngine } from './empty-engine.ts'

const TABLES = `
  create table note (id integer primary key, title text, body text);
  create table reading (id integer, at date not null) partition by range (at);
  create table reading_2026 partition of reading for values from ('2026-01-01') to ('2027-01-01')`

const ALL = { insert: { columns: '*' }, update: { columns: '*' }, delete: { columns: '*' } }

/** An engine with table `note` tracked, and a webhook that remembers what it is sent. */
async function start(reply?: (call: ReceivedCall) => WebhookReply, env: Record<string, string> = {}) {
  const receiver = await startWebhookReceiver(reply)
  const engine = await startEmptyEngine(TABLES, { HASURA_GRAPHQL_EVENTS_FETCH_INTERVAL: '20', ...env })
  onTestFinished(() => receiver.close())
  await engine.command('track_table', { table: 'note' })
  const bodies = () => receiver.calls.map(({ body }) => JSON.parse(body))
  return {
    ...engine,
    receiver,
    bodies,
    /** Creates a trigger and gives the answer. */
    trigger: (facts: object) =>
      engine.command('create_event_trigger', {
        name: 'noted',
        table: 'note',
        webhook: `${receiver.url}/hook`,
        ...facts,
      }),
    run: (sql: string) => engine.command('run_sql', { sql }, '/v2/query'),
    events: async () =>
      (await engine.database.query('select id, delivered, error, tries from hdb_catalog.event_log order by created_at'))
        .rows,
    async received(count: number) {
      await expect.poll(() => receiver.calls.length, { timeout: 5000 }).toBe(count)
      return bodies()
    },
  }
}

const DONE = { status: 200, body: { message: 'success' } }

describe('an event trigger is refused', () => {
  test.for([
    ['with a name that is none', { name: '1st' }],
    ['with a name of more than 42 characters', { name: 'n'.repeat(43) }],
    ['without an address', { webhook: undefined }],
    ['with two addresses', { webhook_from_env: 'HOOK' }],
    ['on a table that is not tracked', { table: 'reading' }],
    ['that listens to a column that is not there', { update: { columns: ['colour'] } }],
    ['that sends a column that is not there', { insert: { columns: '*', payload: ['colour'] } }],
    ['with a header from a variable that is not set', { headers: [{ name: 'x', value_from_env: 'NO_SUCH' }] }],
    ['at an address from a variable that is not set', { webhook: undefined, webhook_from_env: 'NO_SUCH' }],
  ] as const)('%s', async ([, facts]) => {
    const engine = await start(undefined, { HOOK: 'http://127.0.0.1:9' })
    expect(await engine.trigger({ ...ALL, ...facts })).toMatchObject({ status: 400 })
    expect(await engine.command('get_inconsistent_metadata', {})).toMatchObject({ body: { is_consistent: true } })
  })

  test('twice, unless it is to be replaced', async () => {
    const engine = await start()
    expect(await engine.trigger(ALL)).toEqual(DONE)
    expect(await engine.trigger(ALL)).toMatchObject({ status: 400, body: { code: 'already-exists' } })
    expect(await engine.trigger({ insert: { columns: '*' }, replace: true })).toEqual(DONE)
    await engine.run(`insert into note values (1, 'a'); delete from note`)
    expect((await engine.received(1))[0].event.op).toBe('INSERT')
  })

  test('under a name that another table has taken', async () => {
    const engine = await start()
    await engine.command('track_table', { table: 'reading' })
    await engine.trigger(ALL)
    expect(await engine.trigger({ ...ALL, table: 'reading' })).toMatchObject({
      status: 400,
      body: { code: 'already-exists' },
    })
  })
})

test('a column that a trigger listens to is not dropped without its trigger', async () => {
  const engine = await start()
  await engine.trigger({ update: { columns: ['title'] } })
  const drop = { sql: 'alter table note drop column title' }
  expect(await engine.command('run_sql', drop)).toMatchObject({ status: 400, body: { code: 'dependency-error' } })
  await engine.run('insert into note values (1)')
  expect(await engine.command('run_sql', { ...drop, cascade: true })).toMatchObject({ status: 200 })
  await engine.run('update note set id = 2')
  expect(await engine.events()).toEqual([])
})

describe('an event', () => {
  test('says who wrote: by SQL, by the older command, and by a mutation', async () => {
    const engine = await start()
    await engine.trigger(ALL)
    await engine.run(`insert into note values (1, 'a')`)
    await engine.command('update', { table: 'note', where: { id: 1 }, $set: { title: 'b' } }, '/v1/query')
    await engine.ask('mutation { delete_note(where: {}) { affected_rows } }', 'admin', { 'x-hasura-user-id': '7' })
    const events = (await engine.received(3)).toSorted((one, other) => one.created_at.localeCompare(other.created_at))
    expect(events.map(({ event }) => [event.op, event.data.old?.title, event.data.new?.title])).toEqual([
      ['INSERT', undefined, 'a'],
      ['UPDATE', 'a', 'b'],
      ['DELETE', 'b', undefined],
    ])
    const admin = { 'x-hasura-role': 'admin' }
    expect(events.map(({ event }) => event.session_variables)).toEqual([
      admin,
      admin,
      { ...admin, 'x-hasura-user-id': '7' },
    ])
  })

  test('is delivered within the trace of who wrote it', async () => {
    const engine = await start()
    await engine.trigger(ALL)
    await engine.ask('mutation { insert_note(objects: [{id: 1}, {id: 2}]) { affected_rows } }')
    const contexts = (await engine.received(2)).map(({ event }) => event.trace_context)
    expect(contexts[0]).toEqual({
      trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      span_id: expect.stringMatching(/^[0-9a-f]{16}$/),
      sampling_state: null,
    })
    expect(contexts[1]).toEqual(contexts[0])
    const [first, second] = engine.receiver.calls.map(({ headers }) => headers)
    expect(first).toMatchObject({
      'x-b3-traceid': contexts[0].trace_id,
      'x-b3-parentspanid': contexts[0].span_id,
    })
    expect(first!['x-b3-spanid']).not.toBe(second!['x-b3-spanid'])
  })

  test('is delivered although its writer left nonsense for a trace', async () => {
    const engine = await start()
    await engine.trigger(ALL)
    await engine.database.query(
      `begin; select set_config('hasura.tracecontext', '{"trace_id": "a\\nb: c", "span_id": "b\\nd: e"}', true);
       insert into note values (1); commit`,
    )
    await engine.received(1)
    expect(engine.receiver.calls[0]!.headers['x-b3-traceid']).toMatch(/^[0-9a-f]{32}$/)
  })

  test('of an update is there only when a column listened to changes', async () => {
    const engine = await start()
    await engine.trigger({ update: { columns: ['title'], payload: ['id', 'body'] } })
    await engine.run(`insert into note values (1, 'a', 'b')`)
    await engine.run(`update note set body = 'c', title = title`)
    await engine.run(`update note set title = 'z'`)
    const [body] = await engine.received(1)
    expect(body.event.data).toEqual({ old: { id: 1, body: 'c' }, new: { id: 1, body: 'c' } })
  })

  test('of a partition bears the name of the whole table', async () => {
    const engine = await start()
    await engine.command('track_table', { table: 'reading' })
    await engine.trigger({ ...ALL, table: 'reading' })
    await engine.run(`insert into reading values (1, '2026-05-01')`)
    const [body] = await engine.received(1)
    expect(body).toMatchObject({ table: { schema: 'public', name: 'reading' }, event: { data: { new: { id: 1 } } } })
  })

  test('carries configured headers, also from the environment', async () => {
    const engine = await start(undefined, { HOOK_KEY: 'swordfish' })
    const headers = [
      { name: 'X-Plain', value: 'v-{{HOOK_KEY}}' },
      { name: 'X-Key', value_from_env: 'HOOK_KEY' },
    ]
    await engine.trigger({ ...ALL, headers })
    await engine.run('insert into note values (1)')
    await engine.received(1)
    expect(engine.receiver.calls[0]!.headers).toMatchObject({ 'x-plain': 'v-swordfish', 'x-key': 'swordfish' })
  })

  test('that fails is tried again as configured, and once more when redelivered', async () => {
    const engine = await start(() => ({ status: 500 }))
    await engine.trigger({ ...ALL, retry_conf: { num_retries: 1, interval_sec: 0 } })
    await engine.run('insert into note values (1)')
    await engine.received(2)
    await expect.poll(engine.events).toMatchObject([{ delivered: false, error: true, tries: 2 }])
    const [event] = await engine.events()
    expect(await engine.command('pg_redeliver_event', { event_id: event.id })).toEqual(DONE)
    const bodies = await engine.received(4)
    expect(bodies.map(({ delivery_info }) => delivery_info)).toEqual(
      [0, 1, 0, 1].map((current_retry) => ({ current_retry, max_retries: 1 })),
    )
    const logs = 'select count(*)::int as count from hdb_catalog.event_invocation_logs where status = 500'
    await expect.poll(async () => (await engine.database.query(logs)).rows).toEqual([{ count: 4 }])
  })

  test('of a trigger that is gone is not sent to a later one of that name', async () => {
    const engine = await start(({ body }) => ({ status: JSON.parse(body).event.data.new.id === 1 ? 500 : 204 }))
    await engine.trigger({ ...ALL, retry_conf: { num_retries: 9, interval_sec: 1 } })
    await engine.run('insert into note values (1)')
    await engine.received(1)
    expect(await engine.command('delete_event_trigger', { name: 'noted' })).toEqual(DONE)
    await engine.trigger(ALL)
    await engine.run('insert into note values (2)')
    await expect.poll(engine.events).toMatchObject([{ delivered: false }, { delivered: true }])
    const { rows } = await engine.database.query('select archived from hdb_catalog.event_log order by created_at')
    expect(rows).toEqual([{ archived: true }, { archived: false }])
  })

  test('that is not there cannot be redelivered', async () => {
    const engine = await start()
    expect(await engine.command('redeliver_event', { event_id: 'none' })).toMatchObject({
      status: 400,
      body: { code: 'not-exists' },
    })
  })
})

describe('an event by hand', () => {
  test('is refused where the trigger does not allow it, or is not there', async () => {
    const engine = await start()
    await engine.trigger(ALL)
    const invoke = (name: string) => engine.command('pg_invoke_event_trigger', { name, payload: {} })
    expect(await invoke('noted')).toMatchObject({ status: 400, body: { code: 'not-supported' } })
    expect(await invoke('other')).toMatchObject({ status: 400, body: { code: 'not-exists' } })
    expect(await engine.events()).toEqual([])
  })

  test('carries any payload as the new row', async () => {
    const engine = await start()
    await engine.trigger({ enable_manual: true })
    const payload = { any: ['thing', 1] }
    const { body } = await engine.command('invoke_event_trigger', { name: 'noted', payload })
    const [sent] = await engine.received(1)
    expect(sent).toMatchObject({
      id: body.event_id,
      trigger: { name: 'noted' },
      table: { schema: 'public', name: 'note' },
      event: { op: 'MANUAL', data: { old: null, new: payload }, session_variables: { 'x-hasura-role': 'admin' } },
    })
  })
})
