import { expect } from 'vitest'
import { test as base, createClone } from '../support/database.ts'
import { type Core, startCore } from '../support/graphql-core.ts'

const SQL = `
create table runner (id int primary key, name text);
create table run (
  id int primary key, runner_id int references runner, speed float8, climb float8, laps int, won boolean, hidden boolean default false);
insert into runner values (1, 'Ada'), (2, 'Bob'), (3, 'Cy');
insert into run (id, runner_id, speed, climb, laps, won)
  values (1, 1, 2, 30, 4, true), (2, 1, 4, 10, 4, true), (3, 2, 5, 1, 1, false);
insert into run (id, runner_id, speed, laps, won, hidden) values (4, 2, 100, 9, true, true);`

const TABLES = [
  {
    table: 'runner',
    array_relationships: [
      { name: 'runs', using: { foreign_key_constraint_on: { table: 'run', column: 'runner_id' } } },
    ],
    select_permissions: [{ role: 'fan', permission: { columns: ['id', 'name'], filter: {} } }],
  },
  {
    table: 'run',
    select_permissions: [
      {
        role: 'fan',
        permission: {
          columns: ['id', 'speed', 'climb', 'laps', 'won'],
          filter: { hidden: { _eq: false } },
          allow_aggregations: true,
        },
      },
    ],
  },
]

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

test.for([
  ['count: {predicate: {_gt: 1}}', [1]],
  ['count: {predicate: {_eq: 0}}', [3]],
  ['count: {predicate: {_in: [1, 2]}, filter: {laps: {_lt: 9}}}', [1, 2]],
  ['count: {arguments: [laps], distinct: true, predicate: {_eq: 1}}', [1, 2]],
  ['bool_and: {arguments: won, predicate: {_eq: true}}', [1]],
  ['bool_or: {arguments: won, predicate: {_eq: false}}', [2]],
  ['avg: {arguments: speed, predicate: {_eq: 3}}', [1]],
  ['avg: {arguments: speed, predicate: {_is_null: true}}', [3]],
  ['avg: {arguments: speed, predicate: {_nin: [3]}}', [2]],
  ['count: {predicate: {}}', [1, 2, 3]],
  ['sum: {arguments: speed, predicate: {_gte: 6}}', [1]],
  ['max: {arguments: speed, predicate: {_lt: 50}}', [1, 2]],
  ['min: {arguments: speed, predicate: {_eq: 2}}', [1]],
  ['stddev_samp: {arguments: speed, predicate: {_gt: 1.4}}', [1]],
  ['var_samp: {arguments: speed, predicate: {_eq: 2}}', [1]],
  ['corr: {arguments: {X: speed, Y: climb}, predicate: {_lt: -0.99}}', [1]],
  ['covar_samp: {arguments: {X: speed, Y: climb}, predicate: {_eq: -20}}', [1]],
  ['covar_samp: {arguments: {X: speed, Y: speed}, distinct: true, predicate: {_eq: 2}}', [1]],
  ['covar_samp: {arguments: {Y: climb, X: speed}, predicate: {_is_null: true}}', [2, 3]],
] as const)('a person is found by %s of the rows that the role sees', async ([condition, ids], { core }) => {
  const query = `{ runner(where: {runs_aggregate: {${condition}}}, order_by: {id: asc}) { id } }`
  expect(await core.as('fan').ask(query)).toEqual({ data: { runner: ids.map((id) => ({ id })) } })
})

test('only columns of double precision are averaged', async ({ core }) => {
  const query = '{ runner(where: {runs_aggregate: {avg: {arguments: laps, predicate: {_eq: 4}}}}) { id } }'
  expect(await core.as('fan').ask(query)).toMatchObject({
    errors: [{ message: expect.stringContaining("expected one of the values ['speed', 'climb'] for type") }],
  })
})
