import { describe, expect } from 'vitest'
import { test as base, createClone } from '../support/database.ts'
import { type Core, startCore } from '../support/graphql-core.ts'

const SQL = `
create table author (id int primary key, name text, secret text);
create table article (id int primary key, author_id int not null references author, title text, published bool not null);
insert into author values (1, 'Ada', 's1'), (2, 'Bob', 's2'), (3, 'Cyd', 's3');
insert into article values
  (1, 1, 'one', true), (2, 1, 'two', false), (3, 2, 'three', true), (4, 2, 'four', false), (5, 2, 'five', true);`

const OWN = { id: { _eq: 'X-Hasura-User-Id' } }
const TABLES = [
  {
    table: 'author',
    array_relationships: [
      { name: 'articles', using: { foreign_key_constraint_on: { table: 'article', column: 'author_id' } } },
    ],
    select_permissions: [
      { role: 'user', permission: { columns: ['id', 'name'], filter: OWN } },
      { role: 'reader', permission: { columns: ['id', 'name'], filter: {} } },
      { role: 'rooted', permission: { columns: ['id'], filter: {} } },
    ],
  },
  {
    table: 'article',
    object_relationships: [{ name: 'author', using: { foreign_key_constraint_on: 'author_id' } }],
    select_permissions: [
      { role: 'user', permission: { columns: '*', filter: { author: OWN } } },
      {
        role: 'reader',
        permission: { columns: '*', filter: { published: { _eq: true } }, allow_aggregations: true, limit: 2 },
      },
      {
        role: 'list',
        permission: { columns: ['id'], filter: { id: { _in: 'X-Hasura-Ids' } }, query_root_fields: ['select'] },
      },
      {
        role: 'rooted',
        permission: { columns: ['id'], filter: { author: { articles: { id: { _cgt: ['$', 'id'] } } } } },
      },
    ],
  },
]

// Nothing here writes to it, so one database does for the file.
const test = base.extend<{ core: Core }>({
  core: [
    // oxlint-disable-next-line no-empty-pattern -- the runner reads which fixtures this one needs from the pattern
    async ({}, use) => {
      const db = await createClone()
      await use(await startCore(db, { sql: SQL, tables: TABLES }))
      await db.drop()
    },
    { scope: 'file' },
  ],
})

describe('a row filter', () => {
  test('refuses the whole request when its session variable is missing', async ({ core }) => {
    expect(await core.as('user').ask('{ author { id } }')).toEqual({
      errors: [
        { message: 'missing session variable: "x-hasura-user-id"', extensions: { path: '$', code: 'not-found' } },
      ],
    })
  })

  test('does not take a session variable for SQL', async ({ core }) => {
    const answer = await core.as('user', { 'x-hasura-user-id': "1' or '1'='1" }).ask('{ author { id } }')
    expect(answer).toMatchObject({ errors: [{ extensions: { code: 'data-exception' } }] })
  })

  test('holds for a list, for a key, and across relationships', async ({ core }) => {
    const ada = core.as('user', { 'x-hasura-user-id': '1' })
    expect(await ada.ask('{ author { name articles(order_by: {id: asc}) { title } } }')).toEqual({
      data: { author: [{ name: 'Ada', articles: [{ title: 'one' }, { title: 'two' }] }] },
    })
    expect(await ada.ask('{ other: author_by_pk(id: 2) { name } own: author_by_pk(id: 1) { name } }')).toEqual({
      data: { other: null, own: { name: 'Ada' } },
    })
    expect(await ada.ask('{ article(order_by: {id: asc}) { id author { name } } }')).toEqual({
      data: {
        article: [
          { id: 1, author: { name: 'Ada' } },
          { id: 2, author: { name: 'Ada' } },
        ],
      },
    })
  })

  test('hides its rows from conditions too: nobody can ask about a row that is not theirs to see', async ({ core }) => {
    const reader = core.as('reader')
    const about = (title: string) => reader.ask(`{ author(where: {articles: {title: {_eq: "${title}"}}}) { id } }`)
    expect(await about('two')).toEqual({ data: { author: [] } })
    expect(await about('one')).toEqual({ data: { author: [{ id: 1 }] } })
    expect(await reader.ask('{ author(where: {articles_aggregate: {count: {predicate: {_eq: 1}}}}) { id } }')).toEqual({
      data: { author: [{ id: 1 }] },
    })
  })

  test('hides its rows from the order too', async ({ core }) => {
    const query = '{ author(order_by: [{articles_aggregate: {count: desc}}, {id: asc}]) { id } }'
    expect(await core.as('reader').ask(query)).toEqual({ data: { author: [{ id: 2 }, { id: 1 }, { id: 3 }] } })
  })

  test('takes a list from a session variable in the notation of Postgres', async ({ core }) => {
    const person = core.as('list', { 'x-hasura-ids': '{1,4}' })
    expect(await person.ask('{ article(order_by: {id: asc}) { id } }')).toEqual({
      data: { article: [{ id: 1 }, { id: 4 }] },
    })
  })

  test('compares with the row it began at, through relationships', async ({ core }) => {
    const query = '{ article(order_by: {id: asc}) { id } }'
    expect(await core.as('rooted').ask(query)).toEqual({ data: { article: [{ id: 1 }, { id: 3 }, { id: 4 }] } })
  })
})

describe('a permission', () => {
  test('of another table begins at its own row when a condition leads there', async ({ core }) => {
    const query =
      '{ hidden: author(where: {articles: {id: {_eq: 2}}}) { id } shown: author(where: {articles: {id: {_eq: 1}}}) { id } }'
    expect(await core.as('rooted').ask(query)).toEqual({ data: { hidden: [], shown: [{ id: 1 }] } })
  })

  test.for([
    ['a column', '{ author { secret } }', "field 'secret' not found in type: 'author'"],
    [
      'a condition on a column',
      '{ author(where: {secret: {_eq: "s1"}}) { id } }',
      "field 'secret' not found in type: 'author_bool_exp'",
    ],
    [
      'an order by a column',
      '{ author(order_by: {secret: asc}) { id } }',
      "field 'secret' not found in type: 'author_order_by'",
    ],
    [
      'aggregates',
      '{ author_aggregate { aggregate { count } } }',
      "field 'author_aggregate' not found in type: 'query_root'",
    ],
    ['changes', 'mutation { delete_author(where: {}) { affected_rows } }', 'no mutations exist'],
  ] as const)('that leaves out %s makes it unknown', async ([, query, message], { core }) => {
    expect(await core.as('reader').ask(query)).toMatchObject({
      errors: [{ message, extensions: { code: 'validation-failed' } }],
    })
  })

  test('that names its root fields offers no others', async ({ core }) => {
    const answer = await core.as('list', { 'x-hasura-ids': '{1}' }).ask('{ article_by_pk(id: 1) { id } }')
    expect(answer).toMatchObject({ errors: [{ message: "field 'article_by_pk' not found in type: 'query_root'" }] })
  })

  test('limits the rows of a list and of nodes, but not what is counted', async ({ core }) => {
    const reader = core.as('reader')
    const query =
      '{ article(limit: 9, order_by: {id: asc}) { id } article_aggregate { aggregate { count } nodes { __typename } } }'
    expect(await reader.ask(query)).toEqual({
      data: {
        article: [{ id: 1 }, { id: 3 }],
        article_aggregate: { aggregate: { count: 3 }, nodes: [{ __typename: 'article' }, { __typename: 'article' }] },
      },
    })
  })

  test('of nobody leaves a schema that says so', async ({ core }) => {
    const stranger = core.as('stranger')
    expect(await stranger.ask('{ __schema { queryType { fields { name } } mutationType { name } } }')).toEqual({
      data: { __schema: { queryType: { fields: [{ name: 'no_queries_available' }] }, mutationType: null } },
    })
  })

  test('shapes introspection: a role sees its own fields only', async ({ core }) => {
    const query = 'query ($n: String!) { __type(name: $n) { fields { name type { kind ofType { name } } } } }'
    expect(await core.as('reader').ask(query, { n: 'author' })).toEqual({
      data: {
        __type: {
          fields: [
            { name: 'id', type: { kind: 'NON_NULL', ofType: { name: 'Int' } } },
            { name: 'name', type: { kind: 'SCALAR', ofType: null } },
            { name: 'articles', type: { kind: 'NON_NULL', ofType: { name: null } } },
            { name: 'articles_aggregate', type: { kind: 'NON_NULL', ofType: { name: 'article_aggregate' } } },
          ],
        },
      },
    })
  })

  test('that names a column which does not exist is dropped and reported', async ({ db }) => {
    const permission = { columns: ['gone'], filter: {} }
    const core = await startCore(db, {
      sql: 'create table a (id int)',
      tables: [{ table: 'a', select_permissions: [{ role: 'user', permission }] }],
    })
    expect(core.engine.inconsistencies).toEqual([
      { name: 'select permission of role user on table a', reason: 'column "gone" does not exist in table "a"' },
    ])
    expect(await core.as('user').ask('{ a { gone } }')).toMatchObject({
      errors: [{ extensions: { code: 'validation-failed' } }],
    })
  })
})
