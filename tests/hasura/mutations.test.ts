import { describe, expect } from 'vitest'
import { test as base, type TestDatabase } from '../support/database.ts'
import { type Core, startCore } from '../support/graphql-core.ts'

const SQL = `
create table author (id int primary key, name text not null default 'nobody', note text default 'none', pages bigint default 0);
create table article (
  id int generated always as identity primary key, author_id int not null references author, title text unique,
  published bool not null default false, details jsonb, changed_by text);
create table seen (who text);
create function remember() returns trigger language plpgsql security definer as $$
begin
  insert into public.seen values (current_setting('hasura.user', true));
  return new;
end $$;
insert into author values (1, 'Ada'), (2, 'Bob');
create trigger remember after insert on author for each row execute function remember();
insert into article (author_id, title, details) values (1, 'one', '{"a": 1, "list": [1, 2]}'), (2, 'two', '{}');`

const OWN = { author_id: { _eq: 'X-Hasura-User-Id' } }
const TABLES = [
  {
    table: 'author',
    array_relationships: [
      { name: 'articles', using: { foreign_key_constraint_on: { table: 'article', column: 'author_id' } } },
    ],
    select_permissions: [{ role: 'user', permission: { columns: '*', filter: {} } }],
    insert_permissions: [
      { role: 'user', permission: { columns: ['id', 'name', 'note'], check: { name: { _neq: 'root' } } } },
    ],
  },
  {
    table: 'article',
    object_relationships: [{ name: 'author', using: { foreign_key_constraint_on: 'author_id' } }],
    select_permissions: [{ role: 'user', permission: { columns: '*', filter: { published: { _eq: true } } } }],
    insert_permissions: [
      {
        role: 'user',
        permission: {
          columns: ['title', 'published'],
          check: {},
          set: { author_id: 'X-Hasura-User-Id', changed_by: 'api' },
        },
      },
    ],
    update_permissions: [
      {
        role: 'user',
        permission: {
          columns: ['title', 'details', 'author_id'],
          filter: OWN,
          check: OWN,
          set: { changed_by: 'x-hasura-role' },
        },
      },
    ],
    delete_permissions: [
      { role: 'user', permission: { filter: OWN } },
      { role: 'service', permission: { filter: {}, backend_only: true } },
    ],
  },
]

const test = base.extend<{ core: Core }>({
  core: async ({ db }, use) => use(await startCore(db, { sql: SQL, tables: TABLES })),
})

const ada = (core: Core) => core.as('user', { 'x-hasura-user-id': '1' })

async function rows(db: TestDatabase, sql: string) {
  return (await db.admin.query(sql)).rows
}

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
