import { describe, expect } from 'vitest'
import { withClient } from '../../database/connect.ts'
import { migrate } from '../../database/migrate.ts'
import { test } from '../support/database.ts'

describe('the roles', () => {
  test('of Hasura and of the service cannot create tables or schemas', async ({ db }) => {
    for (const pool of [db.hasura, db.service]) {
      await expect(pool.query('create table public.mine (id integer)')).rejects.toThrow(
        'permission denied for schema public',
      )
      await expect(pool.query('create schema mine')).rejects.toThrow('permission denied for database')
    }
  })

  test.for(['vault', 'audit', 'ops', 'graphile_worker'])('let Hasura see nothing of %s', async (schema, { db }) => {
    const { rows } = await db.hasura.query("select has_schema_privilege($1, 'usage') as allowed", [schema])
    expect(rows).toEqual([{ allowed: false }])
  })

  test('are three: nothing of ours belongs to a superuser', async ({ db }) => {
    const { rows } = await db.admin.query(`
      select distinct schema, owner from (
        select relnamespace::regnamespace::text as schema, relowner::regrole::text as owner from pg_class
        union all select pronamespace::regnamespace::text, proowner::regrole::text from pg_proc p
          where not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')) objects
      where schema in ('public', 'ops', 'vault', 'audit', 'graphile_worker') order by schema`)
    expect(rows).toEqual([
      { schema: 'audit', owner: 'tributary_migration' },
      { schema: 'graphile_worker', owner: 'tributary_service' },
      { schema: 'ops', owner: 'tributary_migration' },
      { schema: 'public', owner: 'tributary_migration' },
      { schema: 'vault', owner: 'tributary_migration' },
    ])
  })

  test('work in UTC, and Hasura may not keep a statement for ever', async ({ db }) => {
    for (const pool of [db.hasura, db.service])
      expect((await pool.query('show timezone')).rows).toEqual([{ TimeZone: 'UTC' }])
    expect((await db.hasura.query('show statement_timeout')).rows).toEqual([{ statement_timeout: '30s' }])
  })

  test('let the service queue and take jobs', async ({ db }) => {
    await db.service.query("select graphile_worker.add_job('wake_up')")
    expect((await db.service.query('select task_identifier from graphile_worker.jobs')).rows).toEqual([
      { task_identifier: 'wake_up' },
    ])
  })

  test('let Hasura put an event trigger on raw data and its partitions, also on those that come later', async ({
    db,
  }) => {
    await db.hasura.query(`
      create table hdb_catalog.event_log (id text);
      create function hdb_catalog.notify() returns trigger language plpgsql as
        $$ begin insert into hdb_catalog.event_log values ('1'); return new; end $$`)
    const install =
      'create or replace trigger notify after insert on public.raw_fitness_data for each row execute function hdb_catalog.notify()'
    await db.hasura.query(install)
    await db.service.query('select ops.create_monthly_partitions(6)')
    await db.hasura.query(install)
    await db.service.query("insert into public.platforms (id, display_name) values ('acme', 'Acme')")
    await db.service.query(`
      insert into public.raw_fitness_data (user_id, platform, data_type, raw_data, metadata, created_at)
      select gen_random_uuid(), 'acme', 'activity', '{}', '{}', at from (values (now()), (now() + interval '5 months')) as moments (at)`)
    expect((await db.admin.query('select count(*)::int as events from hdb_catalog.event_log')).rows).toEqual([
      { events: 2 },
    ])
  })

  test('let the service write, count and clean up an event log that Hasura creates, and not change it', async ({
    db,
  }) => {
    await db.hasura.query('create table hdb_catalog.event_log (id text)')
    await db.service.query("insert into hdb_catalog.event_log values ('1')")
    expect((await db.service.query('select id from hdb_catalog.event_log')).rows).toEqual([{ id: '1' }])
    await expect(db.service.query("update hdb_catalog.event_log set id = '2'")).rejects.toThrow(
      'permission denied for table event_log',
    )
    await db.service.query('delete from hdb_catalog.event_log')
  })

  test('take their passwords from whoever migrates', async ({ db }) => {
    await migrate({ adminUrl: db.adminUrl })
    await db.service.query('select 1')
    const wrong = Object.assign(new URL(db.serviceUrl), { password: 'wrong' }).href
    await expect(withClient(wrong, (client) => client.query('select 1'))).rejects.toThrow(
      'password authentication failed',
    )
  })
})
