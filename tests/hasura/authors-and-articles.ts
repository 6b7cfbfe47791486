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

/** Articles and authors, with permissions of role `user` on their own. */
export const test = base.extend<{ core: Core }>({
  core: async ({ db }, use) => use(await startCore(db, { sql: SQL, tables: TABLES })),
})

/** Author 1, as role `user`. */
export const ada = (core: Core) => core.as('user', { 'x-hasura-user-id': '1' })

export async function rows(db: TestDatabase, sql: string) {
  return (await db.admin.query(sql)).rows
}
