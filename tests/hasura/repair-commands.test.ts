import { describe, expect, test } from 'vitest'
import { startEmptyEngine } from './empty-engine.ts'

const TABLES = `
  create table color (value text primary key, comment text);
  insert into color values ('red', 'warm'), ('blue', null);
  create table author (id integer primary key, name text, likes text references color);
  create table article (id integer primary key, author_id integer references author, title text);
  insert into author values (1, 'Ada', 'red'), (2, 'Bob', 'blue');
  insert into article values (1, 1, 'One')`

const start = () => startEmptyEngine(TABLES)

const DONE = { status: 200, body: { message: 'success' } }

describe('metadata commands', () => {
  test('say of a source that is not there which one', async () => {
    const { command } = await start()
    expect(await command('pg_track_table', { source: 'other', table: 'author' })).toEqual({
      status: 400,
      body: { error: 'source with name "other" does not exist', path: '$.args', code: 'not-exists' },
    })
  })

  test('comment a permission, and take the comment away', async () => {
    const { command } = await start()
    const permissionIn = async () => {
      const { body } = await command('export_metadata', {})
      return body.sources[0].tables[0].select_permissions
    }
    const on = { source: 'default', table: 'author', role: 'user' }
    const permission = { columns: ['name'], filter: {} }
    await command('pg_track_table', { source: 'default', table: 'author' })
    await command('pg_create_select_permission', { ...on, permission })
    expect(await command('pg_set_permission_comment', { ...on, type: 'select', comment: 'names only' })).toEqual(DONE)
    expect(await permissionIn()).toEqual([{ role: 'user', permission, comment: 'names only' }])
    expect(await command('pg_set_permission_comment', { ...on, type: 'select', comment: null })).toEqual(DONE)
    expect(await permissionIn()).toEqual([{ role: 'user', permission }])
  })

  test('drop what the database no longer fits, with what depends on it, and nothing else', async () => {
    const { command, database, ask } = await start()
    for (const table of ['author', 'article', 'color']) await command('track_table', { table })
    const likes = { foreign_key_constraint_on: 'likes' }
    await command('create_object_relationship', { table: 'author', name: 'color', using: likes })
    const author = { foreign_key_constraint_on: 'author_id' }
    await command('create_object_relationship', { table: 'article', name: 'author', using: author })
    for (const role of ['reader', 'writer']) {
      const filter = role === 'reader' ? { color: { comment: { _eq: 'warm' } } } : {}
      await command('create_select_permission', { table: 'author', role, permission: { columns: ['id'], filter } })
    }
    await database.query('drop table color cascade')
    await command('reload_metadata', {})
    expect(await command('get_inconsistent_metadata', {})).toMatchObject({ body: { is_consistent: false } })
    expect(await command('drop_inconsistent_metadata', {})).toEqual(DONE)
    expect(await command('get_inconsistent_metadata', {})).toEqual({
      status: 200,
      body: { is_consistent: true, inconsistent_objects: [] },
    })
    const { body } = await command('export_metadata', {})
    expect(body.sources[0].tables).toMatchObject([
      { table: { name: 'author' }, object_relationships: [], select_permissions: [{ role: 'writer' }] },
      { table: { name: 'article' }, object_relationships: [{ name: 'author' }] },
    ])
    expect(await ask('{ article { author { id } } }')).toEqual({ data: { article: [{ author: { id: 1 } }] } })
  })

  test('drop the permission on a table, and not that on its namesake in another schema', async () => {
    const { command, database } = await start()
    await database.query('create schema press; create table press.author (id integer primary key, name text)')
    const permission = { columns: ['id'], filter: { name: { _neq: 'x' } } }
    for (const table of [
      { schema: 'public', name: 'author' },
      { schema: 'press', name: 'author' },
    ]) {
      await command('track_table', table)
      await command('create_select_permission', { table, role: 'reader', permission })
    }
    await database.query('alter table press.author drop column name')
    await command('reload_metadata', {})
    expect(await command('drop_inconsistent_metadata', {})).toEqual(DONE)
    const { body } = await command('export_metadata', {})
    expect(body.sources[0].tables).toEqual([
      expect.objectContaining({ select_permissions: [{ role: 'reader', permission }] }),
      { table: { schema: 'press', name: 'author' }, select_permissions: [] },
    ])
  })

  test('drop an action whose types went with their table', async () => {
    const { command, database } = await start()
    await command('track_table', { table: 'color' })
    const relationship = { name: 'color', type: 'object', remote_table: 'color', field_mapping: { value: 'value' } }
    const fields = [{ name: 'value', type: 'String!' }]
    const objects = [{ name: 'Mixed', fields, relationships: [relationship] }]
    expect(await command('set_custom_types', { objects })).toEqual(DONE)
    const definition = { kind: 'synchronous', type: 'query', handler: 'http://127.0.0.1:9', output_type: 'Mixed' }
    for (const [name, output_type] of [
      ['mix', 'Mixed'],
      ['say', 'String'],
    ])
      expect(await command('create_action', { name, definition: { ...definition, output_type } })).toEqual(DONE)
    await database.query('drop table color cascade')
    await command('reload_metadata', {})
    expect(await command('drop_inconsistent_metadata', {})).toEqual(DONE)
    const { body } = await command('export_metadata', {})
    expect(body).toMatchObject({ actions: [{ name: 'say' }], sources: [{ tables: [] }] })
    expect(body.custom_types.objects ?? []).toEqual([])
  })
})
