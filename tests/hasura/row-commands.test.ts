import { describe, expect, test } from 'vitest'
import { startEmptyEngine } from './empty-engine.ts'

const TABLES = `
  create table book (id integer primary key, title text unique, copies integer default 1, price numeric, notes jsonb);
  create table "odd-name" (id integer)`

async function start() {
  const engine = await startEmptyEngine(TABLES)
  await engine.command('track_table', { table: 'book' })
  const insert = (objects: unknown, more: object = {}) =>
    engine.command('insert', { table: 'book', objects, ...more }, '/v1/query')
  await insert([
    { id: 1, title: 'One', copies: 3, notes: { shelf: ['a'] } },
    { id: 2, title: 'Two' },
  ])
  return {
    ...engine,
    insert,
    change: (type: string, args: object) => engine.command(type, { table: 'book', ...args }, '/v1/query'),
    books: async () => (await engine.database.query('select id, title, copies from book order by id')).rows,
  }
}

const BOOKS = [
  { id: 1, title: 'One', copies: 3 },
  { id: 2, title: 'Two', copies: 1 },
]

describe('the older commands on rows refuse', () => {
  test.for([
    ['an update of every row', 'update', { $set: { copies: 0 } }, 'parse-failed'],
    ['an update of nothing', 'update', { where: {} }, 'parse-failed'],
    ['a deletion of every row', 'delete', {}, 'parse-failed'],
    ['a condition on what is no column', 'delete', { where: { colour: 'red' } }, 'parse-failed'],
    ['a value for what is no column', 'update', { where: {}, $set: { colour: 'red' } }, 'not-exists'],
    ['a column that is not there', 'delete', { where: {}, returning: ['colour'] }, 'not-exists'],
    ['a second row of the same key', 'insert', { objects: [{ id: 3 }, { id: 1 }] }, 'constraint-violation'],
    ['a table that is not tracked', 'count', { table: 'odd-name' }, 'not-exists'],
  ] as const)('%s', async ([, type, args, code]) => {
    const engine = await start()
    expect(await engine.change(type, args)).toMatchObject({ status: 400, body: { code } })
    expect(await engine.books()).toEqual(BOOKS)
  })

  test('who is not admin', async () => {
    const engine = await start()
    expect(await engine.asUser('delete', { table: 'book', where: {} })).toMatchObject({
      status: 400,
      body: { code: 'access-denied' },
    })
    expect(await engine.books()).toEqual(BOOKS)
  })
})

describe('the older commands on rows', () => {
  test('insert, and give back what is asked for', async () => {
    const engine = await start()
    expect(await engine.insert([{ id: 3, notes: [1, { a: null }] }], { returning: ['copies', 'notes'] })).toEqual({
      status: 200,
      body: { affected_rows: 1, returning: [{ copies: 1, notes: [1, { a: null }] }] },
    })
  })

  test.for([
    ['leaves the row', { action: 'ignore', constraint_on: ['id'] }, 0, 'One'],
    ['changes the row', { action: 'update', constraint: 'book_pkey' }, 1, 'New'],
  ] as const)('insert what is there: it %s', async ([, conflict, count, title]) => {
    const engine = await start()
    expect(await engine.insert([{ id: 1, title: 'New' }], { on_conflict: conflict })).toMatchObject({
      body: { affected_rows: count },
    })
    expect((await engine.books())[0]).toEqual({ id: 1, title, copies: 3 })
  })

  test.for([
    ['set', { $set: { title: 'New' } }, { title: 'New', copies: 3 }],
    ['count up', { $inc: { copies: 2 } }, { title: 'One', copies: 5 }],
    ['multiply', { $mul: { copies: 2 } }, { title: 'One', copies: 6 }],
    ['reset', { $default: ['copies'] }, { title: 'One', copies: 1 }],
  ] as const)('update only what the condition names: %s', async ([, operator, expected]) => {
    const engine = await start()
    const args = {
      where: { $or: [{ id: 1 }, { title: { $like: 'None%' } }] },
      returning: ['title', 'copies'],
      ...operator,
    }
    expect(await engine.change('update', args)).toEqual({
      status: 200,
      body: { affected_rows: 1, returning: [expected] },
    })
    expect((await engine.books())[1]).toEqual(BOOKS[1])
  })

  test('delete and count', async () => {
    const engine = await start()
    expect(await engine.change('count', {})).toEqual({ status: 200, body: { count: 2 } })
    expect(await engine.change('delete', { where: { copies: { _gt: 1 } } })).toEqual({
      status: 200,
      body: { affected_rows: 1 },
    })
    expect(await engine.change('count', { where: { copies: 3 } })).toEqual({ status: 200, body: { count: 0 } })
  })

  test('reach a table whose name is none in GraphQL, and what the same request made before', async () => {
    const engine = await start()
    const table = { schema: 'public', name: 'odd-name' }
    const commands = [
      { type: 'track_table', args: table },
      { type: 'insert', args: { table, objects: [{ id: 1 }] } },
      { type: 'update', args: { table, where: { id: 1 }, $set: { id: 2 } } },
      { type: 'count', args: { table, where: { id: 2 } } },
    ]
    expect(await engine.command('bulk', commands)).toMatchObject({
      body: [{}, { affected_rows: 1 }, { affected_rows: 1 }, { count: 1 }],
    })
  })
})

test('a numeric without a scale shows how its value travelled', async () => {
  const engine = await start()
  await engine.insert([{ id: 3, price: 12.5 }])
  const change = async (operator: string) =>
    (await engine.ask(`mutation { update_book_by_pk(pk_columns: {id: 3}, ${operator}) { price } }`)).data
      .update_book_by_pk.price
  expect(await change('_inc: {price: 1}')).toBe('13.5000')
  expect(await change('_set: {price: 7}')).toBe('7.0')
  expect(await change('_set: {price: "7"}')).toBe('7')
  expect(await change('_inc: {price: -1E-5}')).toBe('6.999990')
})
