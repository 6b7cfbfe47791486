import { describe, expect } from 'vitest'
import { test as base, createClone } from '../support/database.ts'
import { type Core, startCore } from '../support/graphql-core.ts'

const SQL = `
create table author (id int primary key, name text);
create table article (
  id int primary key, author_id int not null references author, title text, rating numeric, details jsonb, tags text[],
  written_at timestamptz);
insert into author values (1, 'Ada'), (2, 'Bob'), (3, null);
insert into article values
  (1, 1, 'One', 10.50, '{"a": {"b": [1, 2]}, "x": 1}', '{red,blue}', '2026-01-02 03:04:05.678+02'),
  (2, 1, 'Two', 2, '{"a": 1}', '{red}', null),
  (3, 2, 'Three', null, null, null, 'infinity');`

const TABLES = [
  {
    table: 'author',
    array_relationships: [
      { name: 'articles', using: { foreign_key_constraint_on: { table: 'article', column: 'author_id' } } },
    ],
  },
  {
    table: 'article',
    configuration: { custom_name: 'Text', column_config: { author_id: { custom_name: 'authorId' } } },
    object_relationships: [
      { name: 'author', using: { foreign_key_constraint_on: 'author_id' } },
      {
        name: 'namesake',
        using: { manual_configuration: { remote_table: 'author', column_mapping: { title: 'name' } } },
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

describe('a query', () => {
  test('answers in the order of its fields, with aliases, fragments and directives', async ({ core }) => {
    const query = `query ($yes: Boolean!, $no: Boolean!) {
      second: author_by_pk(id: 2) { ...a gone: id @include(if: $no) }
      first: author_by_pk(id: 1) { __typename ... on author { id @skip(if: $no) } name @skip(if: $yes) }
      __typename
    }
    fragment a on author { called: name id }`
    const prepared = core.engine.prepare({ query, variables: { yes: true, no: false } }, core.as('admin').session)
    if (prepared.kind === 'subscription') throw new Error('not a subscription')
    expect((await prepared.run({})).data).toBe(
      '{"second":{"called":"Bob","id":2},"first":{"__typename":"author","id":1},"__typename":"query_root"}',
    )
  })

  test('gives values as Postgres writes them', async ({ core }) => {
    const query = '{ Text(order_by: {id: asc}) { rating tags written_at part: details(path: "$.a.b[1]") authorId } }'
    const prepared = core.engine.prepare({ query }, core.as('admin').session)
    if (prepared.kind === 'subscription') throw new Error('not a subscription')
    expect((await prepared.run({})).data.replaceAll(/\s/g, '')).toBe(
      '{"Text":[{"rating":10.50,"tags":["red","blue"],"written_at":"2026-01-02T01:04:05.678+00:00","part":2,"authorId":1},' +
        '{"rating":2,"tags":["red"],"written_at":null,"part":null,"authorId":1},' +
        '{"rating":null,"tags":null,"written_at":"infinity","part":null,"authorId":2}]}',
    )
  })

  test.for([
    ['{id: {_in: [1, 3]}}', [1, 3]],
    ['{id: {_in: []}}', []],
    ['{id: {_nin: [1]}}', [2, 3]],
    ['{rating: {_neq: 2}}', [1]],
    ['{rating: {_gte: "10.5"}}', [1]],
    ['{rating: {_is_null: true}}', [3]],
    ['{title: {_ilike: "t%"}}', [2, 3]],
    ['{title: {_nlike: "T%"}}', [1]],
    ['{title: {_similar: "(One|Two)"}}', [1, 2]],
    ['{title: {_iregex: "^o"}}', [1]],
    ['{details: {_contains: {x: 1}}}', [1]],
    ['{details: {_has_key: "a"}}', [1, 2]],
    ['{details: {_has_key: null}}', []],
    ['{details: {_has_keys_all: ["a", "x"]}}', [1]],
    ['{details: {_has_keys_any: ["x", "y"]}}', [1]],
    ['{details: {_jsonb_path_exists: "$.a.b"}}', [1]],
    ['{details: {_jsonb_path_match: "$.a == 1"}}', [2]],
    ['{details: {_cast: {String: {_like: "%\\"x\\"%"}}}}', [1]],
    ['{tags: {_contains: ["blue"]}}', [1]],
    ['{tags: {_eq: ["red"]}}', [2]],
    ['{tags: {_in: [["red"], ["red", "blue"]]}}', [1, 2]],
    ['{_or: []}', []],
    ['{_and: []}', [1, 2, 3]],
    ['{_not: {id: {_eq: 1}}, title: {_eq: "Two"}}', [2]],
    ['{_or: [{id: {_eq: 1}}, {author: {name: {_eq: "Bob"}}}]}', [1, 3]],
    ['{author: {articles: {title: {_eq: "Two"}}}}', [1, 2]],
    ['{authorId: {_eq: 2}}', [3]],
  ] as const)('finds by %s', async ([where, ids], { core }) => {
    const answer = await core.as('admin').ask(`{ Text(where: ${where}, order_by: {id: asc}) { id } }`)
    expect(answer).toEqual({ data: { Text: ids.map((id) => ({ id })) } })
  })

  test.for([
    ['order_by: [{rating: asc}]', [2, 1, 3]],
    ['order_by: [{rating: desc}]', [3, 1, 2]],
    ['order_by: [{rating: desc_nulls_last}]', [1, 2, 3]],
    ['order_by: [{author: {name: desc}}, {id: asc}]', [3, 1, 2]],
    ['order_by: [{author: {articles_aggregate: {max: {id: desc}}}}, {id: desc}]', [3, 2, 1]],
    ['order_by: {id: asc}, offset: 1, limit: 1', [2]],
    ['order_by: {id: asc}, offset: "2"', [3]],
    ['distinct_on: [authorId], order_by: [{authorId: desc}, {id: desc}]', [3, 2]],
    ['limit: 0', []],
  ] as const)('orders and cuts by %s', async ([args, ids], { core }) => {
    const answer = await core.as('admin').ask(`{ Text(${args}) { id } }`)
    expect(answer).toEqual({ data: { Text: ids.map((id) => ({ id })) } })
  })

  test('aggregates, also across a relationship and over nothing', async ({ core }) => {
    const query = `{
      Text_aggregate(order_by: {id: desc}) {
        __typename
        aggregate { count many: count(columns: [authorId], distinct: true) sum { rating } avg { id } max { title rating } }
        nodes { id }
      }
      author(order_by: {id: asc}) { articles_aggregate(where: {rating: {_is_null: false}}) { aggregate { count min { id } } } }
    }`
    expect(await core.as('admin').ask(query)).toEqual({
      data: {
        Text_aggregate: {
          __typename: 'Text_aggregate',
          aggregate: { count: 3, many: 2, sum: { rating: 12.5 }, avg: { id: 2 }, max: { title: 'Two', rating: 10.5 } },
          nodes: [{ id: 3 }, { id: 2 }, { id: 1 }],
        },
        author: [
          { articles_aggregate: { aggregate: { count: 2, min: { id: 1 } } } },
          { articles_aggregate: { aggregate: { count: 0, min: { id: null } } } },
          { articles_aggregate: { aggregate: { count: 0, min: { id: null } } } },
        ],
      },
    })
  })

  test('keeps a response key that is longer than an identifier of Postgres', async ({ core }) => {
    const key = `long_${'a'.repeat(70)}`
    const answer = await core.as('admin').ask(`{ author_by_pk(id: 1) { ${key}: id ${key}b: name } }`)
    expect(answer).toEqual({ data: { author_by_pk: { [key]: 1, [`${key}b`]: 'Ada' } } })
  })

  test('that Postgres cannot carry out is an error and no more', async ({ core }) => {
    const admin = core.as('admin')
    expect(await admin.ask('{ author(where: {id: {_eq: "x"}}) { id } }')).toEqual({
      errors: [
        { message: 'invalid input syntax for type integer: "x"', extensions: { path: '$', code: 'data-exception' } },
      ],
    })
    expect(await admin.ask('{ author_by_pk(id: 1) { name } }')).toEqual({ data: { author_by_pk: { name: 'Ada' } } })
  })

  test('has the same statement for the same shape, so that subscribers share it', async ({ core }) => {
    const cohort = (id: number) => {
      const prepared = core.engine.prepare(
        { query: 'subscription ($i: Int!) { author_by_pk(id: $i) { id } }', variables: { i: id } },
        core.as('admin').session,
      )
      return prepared.kind === 'subscription' ? prepared.cohort : 'none'
    }
    expect(cohort(1)).toBe(cohort(1))
    expect(cohort(1)).not.toBe(cohort(2))
  })
})

describe('a streaming subscription', () => {
  test('gives each row once, in order, and nothing twice', async ({ db }) => {
    const core = await startCore(db, { sql: SQL, tables: TABLES })
    const query = 'subscription { author_stream(batch_size: 2, cursor: {initial_value: {id: 0}}) { id } }'
    const prepared = core.engine.prepare({ query }, core.as('admin').session)
    if (prepared.kind !== 'subscription') throw new Error('not a subscription')
    expect(JSON.parse(await prepared.poll())).toEqual({ author_stream: [{ id: 1 }, { id: 2 }] })
    const second = await prepared.poll()
    expect(JSON.parse(second)).toEqual({ author_stream: [{ id: 3 }] })
    expect(await prepared.poll()).toBe(second)
    await db.admin.query(`insert into author values (4, 'Dee')`)
    expect(JSON.parse(await prepared.poll())).toEqual({ author_stream: [{ id: 4 }] })
  })

  test('differs from one batch to the next even where the rows read the same', async ({ core }) => {
    const query = 'subscription { author_stream(batch_size: 1, cursor: {initial_value: {id: 0}}) { __typename } }'
    const prepared = core.engine.prepare({ query }, core.as('admin').session)
    if (prepared.kind !== 'subscription') throw new Error('not a subscription')
    expect(await prepared.poll()).not.toBe(await prepared.poll())
  })
})
