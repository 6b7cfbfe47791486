import { readFileSync } from 'node:fs'
import { describe, expect } from 'vitest'
import { withClient } from '../database/connect.ts'
import { dumpSchema } from '../database/dump/schema-text.ts'
import { SCHEMA_FILE } from '../database/dump.ts'
import { migrate, migrateDown } from '../database/migrate.ts'
import { ASKING } from './support/consenting.ts'
import { test } from './support/database.ts'

const dump = (adminUrl: string) => withClient(adminUrl, dumpSchema)
const query = async (url: string, text: string) => (await withClient(url, (client) => client.query(text))).rows

describe('our migrations', () => {
  test('make what database/schema.sql says; `npm run db:dump` rewrites it', async ({ empty }) => {
    await migrate(empty)
    expect(await dump(empty.adminUrl)).toBe(readFileSync(SCHEMA_FILE, 'utf8'))
  })

  test('go up, down to nothing and up again to the same', async ({ empty }) => {
    const before = await dump(empty.adminUrl)
    await migrate(empty)
    const up = await dump(empty.adminUrl)
    expect(up).not.toBe(before)
    await migrateDown({ ...empty, steps: 'all' })
    const left = await query(
      empty.adminUrl,
      `select c.oid::regclass::text as name from pg_class c
       where c.relnamespace::regnamespace::text in ('public', 'ops', 'vault', 'audit') and c.relkind in ('r', 'p', 'v', 'S') order by 1`,
    )
    expect(left).toEqual([{ name: 'ops.repeatable_applied' }, { name: 'ops.schema_migrations' }])
    await migrate(empty)
    expect(await dump(empty.adminUrl)).toBe(up)
  })

  test('run a second time change nothing', async ({ empty }) => {
    await migrate(empty)
    const first = await dump(empty.adminUrl)
    expect(await migrate(empty)).toEqual({ migrations: [], applied: [], dropped: [] })
    expect(await dump(empty.adminUrl)).toBe(first)
  })

  test('run by an administrator who is no superuser', async ({ db, empty }) => {
    const admin = `admin_${new URL(empty.adminUrl).pathname.slice(1)}`
    const nameless = new URL(empty.adminUrl)
    await query(
      empty.adminUrl,
      `create role ${admin} login createrole password 'x'; alter database ${nameless.pathname.slice(1)} owner to ${admin}`,
    )
    for (const role of ['tributary_migration', 'tributary_service', 'tributary_hasura'])
      await query(empty.adminUrl, `grant ${role} to ${admin} with admin option`)
    await migrate({ adminUrl: Object.assign(nameless, { username: admin, password: 'x' }).href })
    await query(db.adminUrl, ASKING)
    expect(await dump(empty.adminUrl)).toBe(await dump(db.adminUrl))
    await query(empty.adminUrl, `reassign owned by ${admin} to postgres; drop owned by ${admin}; drop role ${admin}`)
  })

  test('leave only the migration role the right to create schemas', async ({ empty }) => {
    await migrate(empty)
    const roles = `select rolname as role from pg_roles
      where rolname like 'tributary%' and has_database_privilege(rolname, current_database(), 'create')`
    expect(await query(empty.adminUrl, roles)).toEqual([{ role: 'tributary_migration' }])
  })
})

describe('the dump', () => {
  test.for([
    ['an enum', "create type public.mood as enum ('good')", 'type public.mood'],
    ['a sequence of its own', 'create sequence public.numbers', 'sequence public.numbers'],
    [
      'a policy',
      'create table public.notes (id integer); create policy mine on public.notes using (true)',
      'policy on public.notes',
    ],
  ] as const)('refuses %s, which it cannot write', async ([, create, name], { empty }) => {
    await query(empty.adminUrl, create)
    await expect(dump(empty.adminUrl)).rejects.toThrow(`The dump cannot write: ${name}`)
  })

  test('tells apart what differs in rights, defaults and bodies alone', async ({ db }) => {
    const dumps = [await dump(db.adminUrl)]
    for (const change of [
      'grant delete on public.platforms to tributary_hasura',
      'alter table public.platforms alter connectable set default true',
      'create or replace function ops.take_request(p_platform text, p_share numeric) returns timestamptz language sql volatile return null::timestamptz',
      'create trigger count_again after insert on public.platforms execute function ops.count_raw_data_inserted()',
      "comment on column public.platforms.id is 'Another word.'",
    ]) {
      await query(db.adminUrl, change)
      dumps.push(await dump(db.adminUrl))
    }
    expect(new Set(dumps).size).toBe(6)
  })

  test('does not change with the month', async ({ db }) => {
    const before = await dump(db.adminUrl)
    await query(db.adminUrl, 'select ops.create_monthly_partitions(12)')
    expect(await dump(db.adminUrl)).toBe(before)
  })
})
