import { describe, expect } from 'vitest'
import type { CallAction } from '../../hasura/local/execute/prepare.ts'
import { test as base } from '../support/database.ts'
import { type Core, startCore } from '../support/graphql-core.ts'

type Call = Parameters<CallAction>[0]

const SQL = `
create table device (id uuid primary key, owner text not null, name text);
insert into device values
  ('00000000-0000-0000-0000-00000000000a', 'ada', 'watch'), ('00000000-0000-0000-0000-00000000000b', 'bob', 'band');`

const TABLES = [
  {
    table: 'device',
    select_permissions: [
      { role: 'user', permission: { columns: ['id', 'name'], filter: { owner: { _eq: 'X-Hasura-User-Id' } } } },
    ],
    insert_permissions: [
      { role: 'user', permission: { columns: ['id', 'name'], check: {}, set: { owner: 'X-Hasura-User-Id' } } },
    ],
  },
]
const register = {
  name: 'register',
  definition: {
    type: 'mutation',
    handler: 'http://unused',
    arguments: [
      { name: 'device', type: 'DeviceInput!' },
      { name: 'at', type: 'timestamptz' },
    ],
    output_type: '[Registration!]!',
  },
  permissions: [{ role: 'user' }],
}
const status = {
  name: 'status',
  definition: { type: 'query', handler: 'http://unused', arguments: [], output_type: 'String' },
  permissions: [{ role: 'operator' }],
}
const CUSTOM_TYPES = {
  input_objects: [
    {
      name: 'DeviceInput',
      fields: [
        { name: 'serial', type: 'String!' },
        { name: 'kind', type: 'DeviceKind' },
        { name: 'extra', type: 'jsonb' },
      ],
    },
  ],
  enums: [{ name: 'DeviceKind', values: [{ value: 'watch' }, { value: 'band' }] }],
  objects: [
    {
      name: 'Registration',
      fields: [
        { name: 'deviceId', type: 'uuid!' },
        { name: 'note', type: 'String' },
      ],
      relationships: [
        { name: 'device', type: 'object', remote_table: 'device', field_mapping: { deviceId: 'id' } },
        { name: 'devices', type: 'array', remote_table: 'device', field_mapping: { deviceId: 'id' } },
      ],
    },
  ],
}

interface Scene {
  readonly core: Core
  readonly calls: Call[]
}

const DEVICES = ['a', 'b', 'c'].map((last) => ({ deviceId: `00000000-0000-0000-0000-00000000000${last}` }))

const test = base.extend<{ scene: Scene }>({
  scene: async ({ db }, use) => {
    const calls: Call[] = []
    const callAction: CallAction = async (call) => {
      calls.push(call)
      return { json: call.action.name === 'status' ? 'fine' : DEVICES, cookies: ['a=b'] }
    }
    const actions = [register, status]
    await use({
      core: await startCore(db, { sql: SQL, tables: TABLES, actions, customTypes: CUSTOM_TYPES, callAction }),
      calls,
    })
  },
})

const ada = ({ core }: Scene) => core.as('user', { 'x-hasura-user-id': 'ada' })

describe('an action', () => {
  test.for([
    ['{ status }', "field 'status' not found in type: 'query_root'", '$.selectionSet.status'],
    ['mutation { register { deviceId } }', "missing required field 'device'", '$.selectionSet.register.args.device'],
    [
      'mutation { register(device: {}) { deviceId } }',
      "missing required field 'serial'",
      '$.selectionSet.register.args.device.serial',
    ],
    [
      'mutation { register(device: {serial: 5}) { deviceId } }',
      "expected a string for type 'String', but found an integer",
      '$.selectionSet.register.args.device.serial',
    ],
    [
      'mutation { register(device: {serial: "a", kind: hat}) { deviceId } }',
      "expected one of the values ['watch', 'band'] for type 'DeviceKind', but found 'hat'",
      '$.selectionSet.register.args.device.kind',
    ],
  ] as const)('is not called for a request that does not fit: %s', async ([query, message, path], { scene }) => {
    expect(await ada(scene).ask(query)).toEqual({
      errors: [{ message, extensions: { path, code: 'validation-failed' } }],
    })
    expect(scene.calls).toEqual([])
  })

  test('is handed its input, who asks, and the request', async ({ scene }) => {
    const query =
      'mutation ($k: DeviceKind) { register(device: {serial: "s", kind: $k, extra: {n: [1]}}, at: "now") { note } }'
    expect(await ada(scene).ask(query, { k: 'watch' })).toEqual({
      data: { register: [{ note: null }, { note: null }, { note: null }] },
    })
    expect(scene.calls).toMatchObject([
      {
        action: { name: 'register' },
        input: { device: { serial: 's', kind: 'watch', extra: { n: [1] } }, at: 'now' },
        session: { role: 'user', variables: { 'x-hasura-role': 'user', 'x-hasura-user-id': 'ada' } },
        requestQuery: query,
      },
    ])
  })

  test('joins tables with the permissions of who asks', async ({ scene }) => {
    const query = 'mutation { register(device: {serial: "s"}) { deviceId device { name } devices(limit: 1) { name } } }'
    const [a, b, c] = DEVICES
    expect(await ada(scene).ask(query)).toEqual({
      data: {
        register: [
          { ...a, device: { name: 'watch' }, devices: [{ name: 'watch' }] },
          { ...b, device: null, devices: [] },
          { ...c, device: null, devices: [] },
        ],
      },
    })
  })

  test('stands outside the transaction of the changes before it', async ({ scene, db }) => {
    const query = `mutation {
      insert_device_one(object: {id: "00000000-0000-0000-0000-00000000000d"}) { id }
      register(device: {serial: "s"}) { note }
      again: insert_device_one(object: {id: "00000000-0000-0000-0000-00000000000d"}) { id }
    }`
    expect(await ada(scene).ask(query)).toMatchObject({ errors: [{ extensions: { code: 'constraint-violation' } }] })
    const { rows } = await db.admin.query('select count(*)::int as count from device')
    expect(rows).toEqual([{ count: 3 }])
  })

  test('of type query stands beside tables', async ({ scene }) => {
    const prepared = scene.core.engine.prepare({ query: '{ __typename status }' }, scene.core.as('operator').session)
    if (prepared.kind === 'subscription') throw new Error('not a subscription')
    expect(await prepared.run({})).toEqual({ data: '{"__typename":"query_root","status":"fine"}', cookies: ['a=b'] })
  })
})
