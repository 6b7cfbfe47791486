import { describe, expect } from 'vitest'
import { ada, rows, test } from './authors-and-articles.ts'

describe('an update', () => {
  test('touches only rows that the filter covers, and sets presets', async ({ core, db }) => {
    const query =
      'mutation { update_article(where: {}, _set: {title: "mine"}) { affected_rows returning { id changed_by } } }'
    expect(await ada(core).ask(query)).toEqual({
      data: { update_article: { affected_rows: 1, returning: [{ id: 1, changed_by: 'user' }] } },
    })
    expect(await rows(db, 'select title from article order by id')).toEqual([{ title: 'mine' }, { title: 'two' }])
  })

  test('of a key that is not there or not theirs is null', async ({ core }) => {
    const update = (id: number) =>
      ada(core).ask(`mutation { update_article_by_pk(pk_columns: {id: ${id}}, _set: {title: "a"}) { id } }`)
    expect(await update(1)).toEqual({ data: { update_article_by_pk: { id: 1 } } })
    expect(await update(2)).toEqual({ data: { update_article_by_pk: null } })
    expect(await update(99)).toEqual({ data: { update_article_by_pk: null } })
  })

  test.for([
    ['_append: {details: {b: 2}}', { a: 1, list: [1, 2], b: 2 }],
    ['_delete_key: {details: "a"}', { list: [1, 2] }],
    ['_delete_at_path: {details: ["list", "0"]}', { a: 1, list: [2] }],
    ['_set: {details: [1]}', [1]],
    ['_set: {details: "text"}', 'text'],
    ['_set: {details: null}', null],
  ] as const)('of jsonb: %s', async ([operator, expected], { core }) => {
    expect(
      await ada(core).ask(`mutation { update_article_by_pk(pk_columns: {id: 1}, ${operator}) { details } }`),
    ).toEqual({
      data: { update_article_by_pk: { details: expected } },
    })
  })

  test('prepends to a list, removes an item of it, and counts up beyond what JavaScript counts', async ({ core }) => {
    const admin = core.as('admin')
    const change = (operator: string) =>
      admin.ask(`mutation { update_article_by_pk(pk_columns: {id: 1}, ${operator}) { details } }`)
    await change('_set: {details: [1, 2]}')
    expect(await change('_prepend: {details: [0]}')).toEqual({ data: { update_article_by_pk: { details: [0, 1, 2] } } })
    expect(await change('_delete_elem: {details: 1}')).toEqual({ data: { update_article_by_pk: { details: [0, 2] } } })
    const query = 'mutation { update_author_by_pk(pk_columns: {id: 1}, _inc: {pages: 9007199254740993}) { pages } }'
    const prepared = core.engine.prepare({ query }, admin.session)
    if (prepared.kind === 'subscription') throw new Error('not a subscription')
    expect((await prepared.run({})).data).toBe('{"update_author_by_pk":{"pages":9007199254740993}}')
  })

  test('of many goes in order', async ({ core }) => {
    const query = `mutation { update_author_many(updates: [
      {where: {name: {_eq: "Ada"}}, _set: {name: "Eve"}}, {where: {name: {_eq: "Eve"}}, _set: {note: "seen"}}
    ]) { affected_rows returning { name note } } }`
    expect(await core.as('admin').ask(query)).toEqual({
      data: {
        update_author_many: [
          { affected_rows: 1, returning: [{ name: 'Eve', note: 'none' }] },
          { affected_rows: 1, returning: [{ name: 'Eve', note: 'seen' }] },
        ],
      },
    })
  })

  test('without anything to set runs nothing', async ({ core }) => {
    const query = 'mutation { update_author(where: {}, _set: {}) { affected_rows returning { id } } }'
    expect(await core.as('admin').ask(query)).toEqual({ data: { update_author: { affected_rows: 0, returning: [] } } })
  })
})

describe('a delete', () => {
  test('removes only what the filter covers', async ({ core }) => {
    const query =
      'mutation { all: delete_article(where: {}) { affected_rows returning { title } } other: delete_article_by_pk(id: 2) { id } }'
    expect(await ada(core).ask(query)).toEqual({
      data: { all: { affected_rows: 1, returning: [{ title: 'one' }] }, other: null },
    })
  })

  test('of a row that others point to is refused', async ({ core }) => {
    expect(await core.as('admin').ask('mutation { delete_author_by_pk(id: 1) { id } }')).toMatchObject({
      errors: [
        {
          message: expect.stringMatching(/^Foreign key violation\. /),
          extensions: { path: '$', code: 'constraint-violation' },
        },
      ],
    })
  })
})
