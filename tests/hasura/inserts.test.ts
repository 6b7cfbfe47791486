import { describe, expect } from 'vitest'
import { ada, rows, test } from './authors-and-articles.ts'

const CHECK_FAILED = 'check constraint of an insert/update permission has failed'

describe('a mutation that is refused', () => {
  test.for([
    [
      'the check of an insert',
      'insert_author(objects: [{id: 8}, {id: 9, name: "root"}]) { affected_rows }',
      CHECK_FAILED,
      'permission-error',
      '$.selectionSet.insert_author.args.objects',
    ],
    [
      'the check of an insert of one',
      'insert_author_one(object: {id: 9, name: "root"}) { id }',
      CHECK_FAILED,
      'permission-error',
      '$.selectionSet.insert_author_one.args.object',
    ],
    [
      'the check of an update',
      'update_article(where: {}, _set: {author_id: 2}) { affected_rows }',
      CHECK_FAILED,
      'permission-error',
      '$',
    ],
    [
      'a unique key',
      'insert_author_one(object: {id: 1}) { id }',
      'Uniqueness violation. duplicate key value violates unique constraint "author_pkey"',
      'constraint-violation',
      '$.selectionSet.insert_author_one.args.object',
    ],
    [
      'a null',
      'insert_author_one(object: {id: 7, note: "a", name: null}) { id }',
      "unexpected null value for type 'String'",
      'validation-failed',
      '$.selectionSet.insert_author_one.args.object.name',
    ],
    [
      'a field of its table',
      'insert_article_one(object: {title: "a", author_id: 2}) { id }',
      "field 'author_id' not found in type: 'article_insert_input'",
      'validation-failed',
      '$.selectionSet.insert_article_one.args.object.author_id',
    ],
  ] as const)('for %s changes nothing', async ([, mutation, message, code, path], { core, db }) => {
    const query = `mutation { insert_article_one(object: {title: "before"}) { id } ${mutation.replace('insert_article_one', 'other: insert_article_one')} }`
    expect(await ada(core).ask(query)).toEqual({ errors: [{ message, extensions: { path, code } }] })
    expect(await rows(db, 'select id from author union all select author_id from article order by 1')).toEqual([
      { id: 1 },
      { id: 1 },
      { id: 2 },
      { id: 2 },
    ])
  })

  test('of a backend-only permission does not exist for a client', async ({ core }) => {
    const query = 'mutation { delete_article(where: {}) { affected_rows } }'
    expect(await core.as('service').ask(query)).toMatchObject({ errors: [{ message: 'no mutations exist' }] })
    const session = { ...core.as('service').session, backendOnly: true }
    const prepared = core.engine.prepare({ query }, session)
    if (prepared.kind === 'subscription') throw new Error('not a subscription')
    expect((await prepared.run({})).data).toBe('{"delete_article":{"affected_rows":2}}')
  })
})

describe('an insert', () => {
  test('takes defaults for what is not given and null for what is given as null', async ({ core, db }) => {
    const query =
      'mutation ($n: String) { insert_author(objects: [{id: 3, note: $n}, {id: 4, name: "Dee"}]) { affected_rows returning { id } } }'
    expect(await ada(core).ask(query)).toEqual({
      data: { insert_author: { affected_rows: 2, returning: [{ id: 3 }, { id: 4 }] } },
    })
    expect(await rows(db, 'select name, note from author where id > 2 order by id')).toEqual([
      { name: 'nobody', note: null },
      { name: 'Dee', note: 'none' },
    ])
  })

  test('sets presets and shows the row although the role could not select it', async ({ core, db }) => {
    const query =
      'mutation { insert_article_one(object: {title: "new"}) { title author_id changed_by author { name articles { id } } } }'
    expect(await ada(core).ask(query)).toEqual({
      data: {
        insert_article_one: { title: 'new', author_id: 1, changed_by: 'api', author: { name: 'Ada', articles: [] } },
      },
    })
    expect(await rows(db, `select author_id from article where title = 'new'`)).toEqual([{ author_id: 1 }])
  })

  test('reads relationships as they are after the change', async ({ core }) => {
    const query =
      'mutation { insert_article_one(object: {title: "new", published: true}) { author { articles { title } } } }'
    expect(await ada(core).ask(query)).toEqual({
      data: { insert_article_one: { author: { articles: [{ title: 'new' }] } } },
    })
  })

  test('of nothing runs nothing', async ({ core }) => {
    expect(await ada(core).ask('mutation { insert_author(objects: []) { returning { id } affected_rows } }')).toEqual({
      data: { insert_author: { returning: [], affected_rows: 0 } },
    })
  })

  test('in conflict updates only what the update permission covers', async ({ core, db }) => {
    const upsert = (title: string) => `mutation { insert_article_one(object: {title: "${title}"},
      on_conflict: {constraint: article_title_key, update_columns: [title]}) { title changed_by } }`
    expect(await ada(core).ask(upsert('one'))).toEqual({
      data: { insert_article_one: { title: 'one', changed_by: 'user' } },
    })
    expect(await ada(core).ask(upsert('two'))).toEqual({ data: { insert_article_one: null } })
    expect(await rows(db, 'select title, changed_by from article order by id')).toEqual([
      { title: 'one', changed_by: 'user' },
      { title: 'two', changed_by: null },
    ])
  })

  test('in conflict does nothing without columns to update, and obeys a condition', async ({ core }) => {
    const insert = (rest: string) =>
      core
        .as('admin')
        .ask(
          `mutation { insert_author(objects: {id: 1, name: "New"}, on_conflict: {constraint: author_pkey ${rest}}) { affected_rows } }`,
        )
    expect(await insert('')).toEqual({ data: { insert_author: { affected_rows: 0 } } })
    expect(await insert('update_columns: name, where: {name: {_eq: "Bob"}}')).toEqual({
      data: { insert_author: { affected_rows: 0 } },
    })
    expect(await insert('update_columns: name, where: {name: {_eq: "Ada"}}')).toEqual({
      data: { insert_author: { affected_rows: 1 } },
    })
  })

  test('tells triggers who it was', async ({ core, db }) => {
    await ada(core).ask('mutation { insert_author_one(object: {id: 5}) { id } }')
    const [{ who }] = await rows(db, 'select who from seen')
    expect(JSON.parse(who)).toEqual({ 'x-hasura-role': 'user', 'x-hasura-user-id': '1' })
    expect(await rows(db, `select current_setting('hasura.user', true) as who`)).not.toEqual([{ who }])
  })

  test('of more values than the protocol has parameters for goes through', async ({ core, db }) => {
    const objects = Array.from({ length: 25_000 }, (_, index) => ({
      id: index + 10,
      name: `it's ${index}`,
      note: null,
    }))
    const answer = await core
      .as('admin')
      .ask('mutation ($o: [author_insert_input!]!) { insert_author(objects: $o) { affected_rows } }', { o: objects })
    expect(answer).toEqual({ data: { insert_author: { affected_rows: 25_000 } } })
    expect(await rows(db, 'select name, note from author where id = 25009')).toEqual([
      { name: "it's 24999", note: null },
    ])
  })
})
