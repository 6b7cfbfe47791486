import pg from 'pg'
import { describe, expect } from 'vitest'
import { installEventTriggers } from '../../hasura/local/events/install.ts'
import type { EventTrigger, Table } from '../../hasura/local/metadata/types.ts'
import { test } from '../support/article-table.ts'
import type { TestDatabase } from '../support/database.ts'

type Definition = EventTrigger['definition']
const article = (definition: Definition, name = 'article_changed'): Table => ({
  table: { schema: 'public', name: 'article' },
  event_triggers: [{ name, webhook: 'http://localhost', definition }],
})
const everything = { insert: { columns: '*' }, update: { columns: '*' }, delete: { columns: '*' } } as const

async function eventsOf({ admin }: TestDatabase) {
  const { rows } = await admin.query(
    'select schema_name, table_name, trigger_name, payload from hdb_catalog.event_log order by created_at, id',
  )
  return rows
}

async function payloadsOf(db: TestDatabase) {
  return (await eventsOf(db)).map(({ payload }) => payload)
}

async function triggerNames({ admin }: TestDatabase): Promise<string[]> {
  const { rows } = await admin.query(
    "select distinct tgname || ' on ' || tgrelid::regclass as name from pg_trigger where tgname like 'notify_hasura_%' and tgparentid = 0 order by 1",
  )
  return rows.map(({ name }) => name)
}

describe('SQL triggers', () => {
  test('log every operation, with old and new row, for a writer that may not change it', async ({ db }) => {
    expect(await installEventTriggers(db.hasura, [article(everything)])).toEqual([])
    await db.service.query(`insert into article values (1, 'a', '{"k": 1}', 'i')`)
    await db.service.query(`update article set title = 'b'`)
    await db.service.query('delete from article')
    const first = { id: 1, title: 'a', notes: { k: 1 }, internal: 'i' }
    const second = { ...first, title: 'b' }
    const noSession = { session_variables: null, trace_context: null }
    expect(await payloadsOf(db)).toEqual([
      { op: 'INSERT', data: { old: null, new: first }, ...noSession },
      { op: 'UPDATE', data: { old: first, new: second }, ...noSession },
      { op: 'DELETE', data: { old: second, new: null }, ...noSession },
    ])
    await expect(db.service.query('update hdb_catalog.event_log set delivered = true')).rejects.toThrow(
      'permission denied',
    )
  })

  test('send only the payload columns and fire only for the columns listened to', async ({ db }) => {
    const definition = { update: { columns: ['title', 'notes'], payload: ['id', 'title'] } } as const
    await installEventTriggers(db.hasura, [article(definition)])
    await db.service.query(`insert into article values (1, 'a', '{"k": 1}', 'i'), (2, null, null, null)`)
    await db.service.query(`update article set internal = 'changed', title = title, notes = notes`)
    expect(await payloadsOf(db)).toEqual([])
    await db.service.query(`update article set title = 'b' where id = 2`)
    await db.service.query(`update article set notes = '{"k": 2}' where id = 1`)
    expect((await payloadsOf(db)).map(({ data }) => data)).toEqual([
      { old: { id: 2, title: null }, new: { id: 2, title: 'b' } },
      { old: { id: 1, title: 'a' }, new: { id: 1, title: 'a' } },
    ])
  })

  test('keep numbers that JavaScript cannot hold', async ({ db }) => {
    await installEventTriggers(db.hasura, [article({ insert: { columns: '*', payload: ['id'] } })])
    await db.service.query('insert into article values (9007199254740993)')
    const { rows } = await db.admin.query(`select payload::text as text from hdb_catalog.event_log`)
    expect(rows[0].text).toContain('{"id": 9007199254740993}')
  })

  test("carry the writer's session, in the transaction of the row", async ({ db }) => {
    await installEventTriggers(db.hasura, [article(everything)])
    const client = await db.service.connect()
    await client.query(`begin; select set_config('hasura.user', '{"x-hasura-role": "worker"}', true)`)
    await client.query('insert into article values (1)')
    await client.query('rollback')
    expect(await payloadsOf(db)).toEqual([])
    await client.query(`begin; select set_config('hasura.user', '{"x-hasura-role": "worker"}', true)`)
    await client.query('insert into article values (1)')
    await client.query('commit')
    // After a transaction that set it, the setting is empty and no longer absent.
    await client.query('insert into article values (2)')
    client.release()
    expect((await payloadsOf(db)).map(({ session_variables }) => session_variables)).toEqual([
      { 'x-hasura-role': 'worker' },
      null,
    ])
  })

  test('fire for partitioned tables, also through a partition and one made later, under the name of the parent', async ({
    db,
  }) => {
    const asOwner = (sql: string) => db.admin.query(`set role tributary_migration; ${sql}; reset role`)
    // PostgreSQL asks for TRIGGER on every partition that is there when the trigger is made on the parent.
    await asOwner(`
      create table public.reading (id bigint, at date) partition by range (at);
      create table public.reading_2026 partition of public.reading for values from ('2026-01-01') to ('2027-01-01');
      grant trigger on public.reading, public.reading_2026 to tributary_hasura;
      grant insert on public.reading, public.reading_2026 to tributary_service`)
    const table = { schema: 'public', name: 'reading' }
    expect(await installEventTriggers(db.hasura, [{ ...article({ insert: { columns: '*' } }), table }])).toEqual([])
    await asOwner(
      `create table public.reading_2027 partition of public.reading for values from ('2027-01-01') to ('2028-01-01')`,
    )
    await db.service.query(`insert into reading values (1, '2026-05-01'), (2, '2027-05-01')`)
    await db.service.query(`insert into reading_2026 values (3, '2026-05-01')`)
    const events = await eventsOf(db)
    expect(events.map(({ table_name, payload }) => `${table_name} ${payload.data.new.id}`).toSorted()).toEqual([
      'reading 1',
      'reading 2',
      'reading 3',
    ])
  })
})

describe('installing', () => {
  test('twice changes nothing and takes no lock that writers would wait for', async ({ db }) => {
    await installEventTriggers(db.hasura, [article(everything)])
    const writer = await db.service.connect()
    await writer.query('begin; insert into article values (1)')
    expect(await installEventTriggers(db.hasura, [article(everything)])).toEqual([])
    await writer.query('commit')
    writer.release()
    expect(await triggerNames(db)).toEqual(
      ['INSERT', 'UPDATE', 'DELETE'].toSorted().map((op) => `notify_hasura_article_changed_${op} on article`),
    )
  })

  test('replaces what a trigger sends', async ({ db }) => {
    await installEventTriggers(db.hasura, [article({ insert: { columns: '*' } })])
    await installEventTriggers(db.hasura, [article({ insert: { columns: '*', payload: ['id'] } })])
    await db.service.query(`insert into article values (1, 'a')`)
    expect(await payloadsOf(db)).toMatchObject([{ data: { new: { id: 1 } } }])
    expect((await payloadsOf(db))[0].data.new).not.toHaveProperty('title')
  })

  test('drops operations and triggers that are gone, though the table is not ours', async ({ db }) => {
    await installEventTriggers(db.hasura, [article(everything)])
    await installEventTriggers(db.hasura, [article({ insert: { columns: '*' } })])
    expect(await triggerNames(db)).toEqual(['notify_hasura_article_changed_INSERT on article'])
    await installEventTriggers(db.hasura, [])
    expect(await triggerNames(db)).toEqual([])
  })

  test('moves a trigger to another table', async ({ db }) => {
    const tables = [article({ insert: { columns: '*' } })]
    await installEventTriggers(db.hasura, tables)
    await installEventTriggers(db.hasura, [{ ...tables[0]!, table: { schema: 'public', name: 'other' } }])
    expect(await triggerNames(db)).toEqual(['notify_hasura_article_changed_INSERT on other'])
  })

  test('reports what cannot be made and makes the rest', async ({ db }) => {
    const missing = {
      ...article({ insert: { columns: '*' } }, 'on_missing'),
      table: { schema: 'public', name: 'missing' },
    }
    const wrongColumn = article({ update: { columns: ['nope'] } }, 'on_column')
    expect(await installEventTriggers(db.hasura, [missing, wrongColumn, article(everything)])).toEqual([
      {
        name: 'event_trigger on_missing',
        reason: 'in event trigger "on_missing": no such table exists in source: "public.missing"',
      },
      { name: 'event_trigger on_column', reason: 'in event trigger "on_column": column "nope" does not exist' },
    ])
    expect(await triggerNames(db)).toHaveLength(3)
  })

  test('works for engines that start together', async ({ db }) => {
    const pools = Array.from({ length: 4 }, () => new pg.Pool({ connectionString: db.hasuraUrl, max: 1 }))
    // The database is dropped while the last of them may still be closing.
    for (const pool of pools) pool.on('connect', (client) => client.on('error', () => {}))
    const results = await Promise.all(pools.map((pool) => installEventTriggers(pool, [article(everything)])))
    await Promise.all(pools.map((pool) => pool.end()))
    expect(results).toEqual([[], [], [], []])
  })
})
