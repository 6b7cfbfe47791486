import { describe, expect, onTestFinished, test } from 'vitest'
import { startWebhookReceiver } from '../support/webhook-receiver.ts'
import { startEmptyEngine } from './empty-engine.ts'

const TABLES = `create table device (id uuid primary key, owner text)`

const TYPES = {
  scalars: [{ name: 'Serial' }],
  enums: [{ name: 'Kind', values: [{ value: 'watch' }, { value: 'band' }] }],
  input_objects: [{ name: 'DeviceInput', fields: [{ name: 'serial', type: 'Serial!' }] }],
  objects: [
    { name: 'Place', fields: [{ name: 'room', type: 'String' }] },
    {
      name: 'Registration',
      fields: [
        { name: 'id', type: 'uuid!' },
        { name: 'kind', type: 'Kind' },
        { name: 'places', type: '[Place!]' },
      ],
      relationships: [{ name: 'device', type: 'object', remote_table: 'device', field_mapping: { id: 'id' } }],
    },
  ],
}

const REGISTER = {
  name: 'register',
  definition: {
    kind: 'synchronous',
    handler: 'http://127.0.0.1:9',
    arguments: [{ name: 'device', type: 'DeviceInput!' }],
    output_type: 'Registration',
  },
}

const DONE = { status: 200, body: { message: 'success' } }

async function start(env: Record<string, string> = {}) {
  const engine = await startEmptyEngine(TABLES, env)
  await engine.command('track_table', { table: 'device' })
  expect(await engine.command('set_custom_types', TYPES)).toEqual(DONE)
  const define = (definition: object, name = 'register') =>
    engine.command('create_action', { name, definition: { ...REGISTER.definition, ...definition } })
  return { ...engine, define, exported: async () => (await engine.command('export_metadata', {})).body }
}

/** The types with the fields of one of them replaced. */
function typesWith(list: 'objects' | 'input_objects', fields: readonly object[]) {
  return { ...TYPES, [list]: [...TYPES[list], { name: 'Other', fields }] }
}

describe('custom types are refused', () => {
  test.for([
    ['with a field of a type that is not there', typesWith('objects', [{ name: 'a', type: 'Nothing' }])],
    ['with an input field of an output type', typesWith('input_objects', [{ name: 'a', type: 'Place' }])],
    ['with an output field of an input type', typesWith('objects', [{ name: 'a', type: 'DeviceInput' }])],
    [
      'with a field twice',
      typesWith(
        'objects',
        [1, 2].map(() => ({ name: 'a', type: 'Int' })),
      ),
    ],
    ['with a type that is written wrongly', typesWith('objects', [{ name: 'a', type: '[Int' }])],
    ['with a name twice', { ...TYPES, scalars: [{ name: 'Kind' }] }],
    [
      'with a value of an enum twice',
      { ...TYPES, enums: [{ name: 'Kind', values: [{ value: 'a' }, { value: 'a' }] }] },
    ],
    ['without the type of an action', { ...TYPES, objects: [] }],
    ['without everything, when there is an action', {}],
  ] as const)('%s', async ([, types]) => {
    const engine = await start()
    await engine.define({})
    const before = await engine.exported()
    expect(await engine.command('set_custom_types', types)).toMatchObject({
      status: 400,
      body: { code: 'invalid-configuration', path: '$.args' },
    })
    expect(await engine.exported()).toEqual(before)
  })

  test.for([
    ['is a list', { field_mapping: { places: 'id' } }],
    ['is an object', { field_mapping: { place: 'id' } }],
    ['is not there', { field_mapping: { other: 'id' } }],
    ['leads to no column', { field_mapping: { id: 'other' } }],
    ['leads to a table that is not tracked', { remote_table: 'other' }],
    ['has the name of a field', { name: 'id' }],
  ] as const)('with a relationship whose field %s', async ([, facts]) => {
    const engine = await start()
    const [place, registration] = TYPES.objects
    const fields = [...registration!.fields, { name: 'place', type: 'Place' }]
    const relationships = [{ name: 'd', type: 'object', remote_table: 'device', field_mapping: { id: 'id' }, ...facts }]
    const types = { ...TYPES, objects: [place, { ...registration, fields, relationships }] }
    expect(await engine.command('set_custom_types', types)).toMatchObject({
      status: 400,
      body: { code: 'invalid-configuration' },
    })
  })
})

describe('an action is refused', () => {
  test.for([
    ['with an output that is not there', { output_type: 'Nothing' }, 'invalid-configuration'],
    ['with an output of an input type', { output_type: 'DeviceInput' }, 'invalid-configuration'],
    ['with an argument of an output type', { arguments: [{ name: 'a', type: 'Place' }] }, 'invalid-configuration'],
    ['with an argument twice', { arguments: [1, 2].map(() => ({ name: 'a', type: 'Int' })) }, 'invalid-configuration'],
    ['with an address from a variable that is not set', { handler: '{{NO_SUCH}}/a' }, 'invalid-configuration'],
    ['without an address', { handler: undefined }, 'parse-failed'],
  ] as const)('%s', async ([, definition, code]) => {
    const engine = await start()
    expect(await engine.define(definition)).toMatchObject({ status: 400, body: { code } })
    expect((await engine.exported()).actions).toEqual([])
  })

  test('twice, and when it is not there', async () => {
    const engine = await start()
    expect(await engine.define({})).toEqual(DONE)
    expect(await engine.define({})).toMatchObject({ status: 400, body: { code: 'already-exists' } })
    expect(await engine.command('update_action', { ...REGISTER, name: 'other' })).toMatchObject({
      status: 400,
      body: { code: 'not-exists' },
    })
    expect(await engine.command('drop_action', { name: 'other' })).toMatchObject({
      status: 400,
      body: { code: 'not-exists' },
    })
  })

  test('a permission twice, and on what is not there', async () => {
    const engine = await start()
    await engine.define({})
    const permission = { action: 'register', role: 'user' }
    expect(await engine.command('create_action_permission', permission)).toEqual(DONE)
    expect(await engine.command('create_action_permission', permission)).toMatchObject({
      body: { code: 'already-exists' },
    })
    expect(await engine.command('create_action_permission', { ...permission, action: 'other' })).toMatchObject({
      body: { code: 'not-exists' },
    })
    expect(await engine.command('drop_action_permission', permission)).toEqual(DONE)
    expect(await engine.command('drop_action_permission', permission)).toMatchObject({ body: { code: 'not-exists' } })
  })
})

describe('an action', () => {
  test('is replaced as a whole, its comment too, and keeps its permissions', async () => {
    const engine = await start()
    await engine.command('create_action', { ...REGISTER, comment: 'old' })
    await engine.command('create_action_permission', { action: 'register', role: 'user' })
    const definition = { ...REGISTER.definition, arguments: [], output_type: 'String', timeout: 5 }
    expect(await engine.command('update_action', { name: 'register', definition })).toEqual(DONE)
    const [action] = (await engine.exported()).actions
    expect(action).toEqual({
      name: 'register',
      definition: {
        type: 'mutation',
        kind: 'synchronous',
        handler: REGISTER.definition.handler,
        output_type: 'String',
        timeout: 5,
        arguments: [],
      },
      permissions: [{ role: 'user' }],
    })
  })

  test('takes Postgres types as they are, and every custom one', async () => {
    const engine = await start()
    const args = ['uuid!', '[timestamptz!]', 'jsonb', 'bigint', 'Kind', 'Serial'].map((type, index) => ({
      name: `a${index}`,
      type,
    }))
    expect(await engine.define({ type: 'query', arguments: args, output_type: '[Kind!]!' })).toEqual(DONE)
    const answer = await engine.ask('{ __type(name: "query_root") { fields { name args { type { name } } } } }')
    expect(answer.data.__type.fields.find(({ name }: { name: string }) => name === 'register').args).toHaveLength(6)
  })

  test('with an answer that does not fit tells admin the whole call', async () => {
    const engine = await start({ ACTION_KEY: 'swordfish' })
    const handler = await startWebhookReceiver(() => ({ status: 200, body: '{"kind": "watch"}' }))
    onTestFinished(() => handler.close())
    const headers = [{ name: 'x-key', value_from_env: 'ACTION_KEY' }]
    await engine.define({ handler: handler.url, headers })
    const query = 'mutation { register(device: {serial: "s"}) { id } }'
    const { errors } = await engine.ask(query)
    expect(errors).toMatchObject([
      {
        message: 'field "id" expected in webhook response, but not found',
        extensions: {
          path: '$',
          code: 'unexpected',
          internal: {
            error: 'unexpected response',
            request: {
              url: handler.url,
              headers,
              body: {
                action: { name: 'register' },
                input: { device: { serial: 's' } },
                request_query: query,
                session_variables: { 'x-hasura-role': 'admin' },
              },
              transformed_request: null,
            },
            response: { status: 200, body: { kind: 'watch' } },
          },
        },
      },
    ])
    expect(handler.calls[0]!.headers['x-key']).toBe('swordfish')
    expect(JSON.stringify(errors)).not.toContain('swordfish')
  })

  test('shows its details to admin alone, and to everyone in dev mode', async () => {
    for (const [env, role, isShown] of [
      [{}, 'admin', true],
      [{}, 'user', false],
      [{ HASURA_GRAPHQL_ADMIN_INTERNAL_ERRORS: 'false' }, 'admin', false],
      [{ HASURA_GRAPHQL_DEV_MODE: 'true' }, 'user', true],
    ] as const) {
      const engine = await start(env)
      await engine.define({})
      await engine.command('create_action_permission', { action: 'register', role: 'user' })
      const { errors } = await engine.ask('mutation { register(device: {serial: "s"}) { id } }', role)
      expect(errors[0]).toMatchObject({ message: 'http exception when calling webhook' })
      expect('internal' in errors[0].extensions).toBe(isShown)
    }
  })
})
