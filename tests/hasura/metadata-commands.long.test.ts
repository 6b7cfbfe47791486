import { describe, expect, test } from 'vitest'
import { startEmptyEngine } from './empty-engine.ts'

const TABLES = `
  create table color (value text primary key, comment text);
  insert into color values ('red', 'warm'), ('blue', null);
  create table author (id integer primary key, name text, likes text references color);
  create table article (id integer primary key, author_id integer references author, title text);
  insert into author values (1, 'Ada', 'red'), (2, 'Bob', 'blue');
  insert into article values (1, 1, 'One')`

const start = (env: Record<string, string> = {}) => startEmptyEngine(TABLES, env)

const DONE = { status: 200, body: { message: 'success' } }
const refused = (code: string) => expect.objectContaining({ status: 400, body: expect.objectContaining({ code }) })

describe('metadata commands refuse', () => {
  test.for([
    ['a table that the database does not have', 'track_table', { table: 'nothing' }, 'invalid-configuration'],
    ['a table that is tracked already', 'track_table', { table: 'author' }, 'already-tracked'],
    ['to let go of what is not tracked', 'untrack_table', { table: 'color' }, 'already-untracked'],
    [
      'a permission on a column that is not there',
      'create_select_permission',
      { table: 'author', role: 'user', permission: { columns: ['age'], filter: {} } },
      'invalid-configuration',
    ],
    [
      'a permission to see rows that does not say which',
      'create_select_permission',
      { table: 'author', role: 'user', permission: { columns: ['id'] } },
      'parse-failed',
    ],
    [
      'a permission to delete rows that does not say which',
      'create_delete_permission',
      { table: 'author', role: 'user', permission: {} },
      'parse-failed',
    ],
    [
      'a permission to insert without a check',
      'create_insert_permission',
      { table: 'author', role: 'user', permission: { columns: '*' } },
      'parse-failed',
    ],
    [
      'a permission that asks a number for a pattern',
      'create_select_permission',
      { table: 'author', role: 'user', permission: { columns: '*', filter: { id: { _like: '1%' } } } },
      'invalid-configuration',
    ],
    [
      'a permission that asks a text for a key',
      'create_delete_permission',
      { table: 'author', role: 'user', permission: { filter: { name: { _has_key: 'a' } } } },
      'invalid-configuration',
    ],
    [
      'a permission that compares a number with a text',
      'create_delete_permission',
      { table: 'author', role: 'user', permission: { filter: { id: { _ceq: 'name' } } } },
      'invalid-configuration',
    ],
    [
      'a relationship without a foreign key',
      'create_object_relationship',
      { table: 'author', name: 'friend', using: { foreign_key_constraint_on: 'name' } },
      'invalid-configuration',
    ],
    ['what the engine does not implement, by name', 'add_remote_schema', { name: 'other' }, 'not-supported'],
    [
      'a key that the engine does not implement',
      'create_insert_permission',
      { table: 'author', role: 'user', permission: { check: {}, validate_input: { type: 'http' } } },
      'not-supported',
    ],
    ['arguments of another kind', 'track_table', { table: 7 }, 'parse-failed'],
    ['an enum without rows', 'track_table', { table: 'article', is_enum: true }, 'invalid-configuration'],
    ['a list of commands that is not there', 'bulk', undefined, 'parse-failed'],
    ['a list of commands that is none', 'bulk', { type: 'track_table' }, 'parse-failed'],
    ['a table of a source that is not there', 'pg_track_table', { source: 'other', table: 'color' }, 'not-exists'],
    ['SQL for a source that is not there', 'run_sql', { source: 'other', sql: 'drop table article' }, 'not-exists'],
    [
      'a comment on a permission that is not there',
      'pg_set_permission_comment',
      { table: 'author', role: 'user', type: 'select', comment: 'x' },
      'permission-denied',
    ],
    ['SQL that Postgres refuses', 'run_sql', { sql: 'select 1 / 0' }, 'postgres-error'],
  ] as const)('%s, and change nothing', async ([, type, args, code]) => {
    const engine = await start()
    expect(await engine.command('track_table', { table: 'author' })).toEqual(DONE)
    const before = await engine.command('export_metadata', {})
    expect(await engine.command(type, args)).toEqual(refused(code))
    expect(await engine.command('export_metadata', {})).toEqual(before)
  })

  test('who is not admin', async () => {
    const engine = await start()
    expect(await engine.asUser('track_table', { table: 'author' })).toEqual(refused('access-denied'))
    expect(await engine.asUser('run_sql', { sql: 'select 1' })).toEqual(refused('access-denied'))
  })

  test('a list of commands as one: what went before is taken back', async () => {
    const engine = await start()
    const commands = [
      { type: 'run_sql', args: { sql: 'create table extra (id integer primary key)' } },
      { type: 'track_table', args: { table: 'extra' } },
      { type: 'track_table', args: { table: 'nothing' } },
    ]
    expect(await engine.command('bulk', commands)).toEqual(refused('invalid-configuration'))
    expect((await engine.database.query("select to_regclass('public.extra') as found")).rows).toEqual([{ found: null }])
  })

  test('to remove what something still uses, until told to remove that too', async () => {
    const engine = await start()
    await engine.command('track_table', { table: 'author' })
    await engine.command('track_table', { table: 'article' })
    const using = { foreign_key_constraint_on: 'author_id' }
    expect(await engine.command('create_object_relationship', { table: 'article', name: 'author', using })).toEqual(
      DONE,
    )
    expect(await engine.command('untrack_table', { table: 'author' })).toEqual(refused('dependency-error'))
    expect(await engine.ask('{ article { author { name } } }')).toEqual({
      data: { article: [{ author: { name: 'Ada' } }] },
    })
    expect(await engine.command('untrack_table', { table: 'author', cascade: true })).toEqual(DONE)
    expect(await engine.ask('{ article { title } }')).toEqual({ data: { article: [{ title: 'One' }] } })
  })
})

describe('metadata commands', () => {
  test.for(['/v1/query', '/v2/query', '/v1/metadata'])('on %s are served at once', async (path) => {
    const engine = await start()
    expect(await engine.command('pg_track_table', { source: 'default', table: 'author' }, path)).toEqual(DONE)
    const permission = { columns: ['name'], filter: { id: { _eq: 1 } } }
    const command = { table: 'author', role: 'user', permission }
    expect(await engine.command('create_select_permission', command, path)).toEqual(DONE)
    expect(await engine.ask('{ author { name } }', 'user')).toEqual({ data: { author: [{ name: 'Ada' }] } })
    expect(await engine.command('drop_select_permission', { table: 'author', role: 'user' }, path)).toEqual(DONE)
    expect(await engine.ask('{ author { name } }', 'user')).toMatchObject({ errors: [{}] })
  })

  test('answer SQL with its rows as text', async () => {
    const engine = await start()
    const sql = "select id, nullif(name, 'Bob') as name from author order by id"
    expect(await engine.command('run_sql', { sql })).toEqual({
      status: 200,
      body: {
        result_type: 'TuplesOk',
        result: [
          ['id', 'name'],
          ['1', 'Ada'],
          ['2', 'NULL'],
        ],
      },
    })
    expect(await engine.command('run_sql', { sql: 'delete from article' })).toMatchObject({
      body: { result_type: 'CommandOk', result: null },
    })
  })

  test('follow a table to its new name, and let go of one that is dropped', async () => {
    const engine = await start()
    await engine.command('track_table', { table: 'author' })
    await engine.command('run_sql', { sql: 'alter table author rename to writer' })
    expect(await engine.ask('{ writer(order_by: {id: asc}, limit: 1) { name } }')).toEqual({
      data: { writer: [{ name: 'Ada' }] },
    })
    await engine.command('run_sql', { sql: 'drop table writer cascade' })
    expect(await engine.command('get_inconsistent_metadata', {})).toMatchObject({ body: { is_consistent: true } })
  })

  test('replace, clear and bring back everything', async () => {
    const engine = await start()
    await engine.command('track_table', { table: 'author' })
    const { body: exported } = await engine.command('export_metadata', {})
    expect(await engine.command('clear_metadata', {})).toEqual(DONE)
    expect(await engine.ask('{ author { name } }')).toMatchObject({ errors: [{}] })
    expect(await engine.command('replace_metadata', exported)).toEqual(DONE)
    expect(await engine.command('reload_metadata', {})).toMatchObject({ body: { is_consistent: true } })
    expect(await engine.ask('{ author_by_pk(id: 2) { name } }')).toEqual({ data: { author_by_pk: { name: 'Bob' } } })
  })
})

test('events carry long numbers as strings where answers do', async () => {
  const engine = await start()
  await engine.command('run_sql', { sql: 'create table count (id integer primary key, total bigint)' })
  await engine.command('track_table', { table: 'count' })
  const trigger = { name: 'counted', table: 'count', webhook: 'http://127.0.0.1:9', insert: { columns: '*' } }
  expect(await engine.command('create_event_trigger', trigger)).toEqual(DONE)
  await engine.database.query('insert into count values (1, 9007199254740993)')
  const { rows } = await engine.database.query("select payload->'data'->'new' as row from hdb_catalog.event_log")
  expect(rows).toEqual([{ row: { id: 1, total: '9007199254740993' } }])
})

describe('an enum table', () => {
  async function withColors() {
    const engine = await start()
    await engine.command('track_table', { table: 'color', is_enum: true })
    await engine.command('track_table', { table: 'author' })
    return engine
  }

  test.for([
    ['a value that it does not hold', '{ author(where: {likes: {_eq: green}}) { id } }'],
    ['a string for a value', '{ author(where: {likes: {_eq: "red"}}) { id } }'],
    ['an order of values', '{ author(where: {likes: {_gt: red}}) { id } }'],
    ['a pattern', '{ author(where: {likes: {_like: "r%"}}) { id } }'],
  ])('refuses %s', async ([, query = '']) => {
    const engine = await withColors()
    expect(await engine.ask(query)).toMatchObject({ errors: [{ extensions: { code: 'validation-failed' } }] })
  })

  test('is the type of the columns that refer to it', async () => {
    const engine = await withColors()
    expect(await engine.ask('{ author(where: {likes: {_in: [red]}}) { name likes } }')).toEqual({
      data: { author: [{ name: 'Ada', likes: 'red' }] },
    })
    expect(await engine.ask('mutation { insert_author_one(object: {id: 3, likes: blue}) { likes } }')).toEqual({
      data: { insert_author_one: { likes: 'blue' } },
    })
    expect(await engine.ask('{ __type(name: "color_enum") { enumValues { name description } } }')).toEqual({
      data: {
        __type: {
          enumValues: [
            { name: 'blue', description: null },
            { name: 'red', description: 'warm' },
          ],
        },
      },
    })
  })
})

describe('the allow list', () => {
  const COLLECTION = {
    name: 'shipped',
    definition: { queries: [{ name: 'names', query: 'query names { author { name } }' }] },
  }

  async function withList() {
    const engine = await start({ HASURA_GRAPHQL_ENABLE_ALLOWLIST: 'true' })
    await engine.command('track_table', { table: 'author' })
    const permission = { columns: ['id', 'name'], filter: {} }
    await engine.command('create_select_permission', { table: 'author', role: 'user', permission })
    await engine.command('create_query_collection', COLLECTION)
    await engine.command('add_collection_to_allowlist', { collection: 'shipped' })
    return engine
  }

  test.for([
    ['another field', 'query names { author { id } }'],
    ['another name', '{ author { name } }'],
    ['an alias', 'query names { author { called: name } }'],
    ['introspection', '{ __schema { queryType { name } } }'],
  ])('refuses %s', async ([, query = '']) => {
    const engine = await withList()
    expect(await engine.ask(query, 'user')).toEqual({
      errors: [{ message: 'query is not allowed', extensions: { path: '$', code: 'validation-failed' } }],
    })
  })

  test('lets pass what it holds, however it is laid out, and everything of admin', async () => {
    const engine = await withList()
    const names = { data: { author: [{ name: 'Ada' }, { name: 'Bob' }] } }
    expect(await engine.ask('query names {\n author {\n name } }', 'user')).toEqual(names)
    expect(await engine.ask('{ author { name } }')).toEqual(names)
  })
})
