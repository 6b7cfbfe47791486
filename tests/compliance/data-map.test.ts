import { describe, expect } from 'vitest'
import { DATA_MAP, FOUND_BY_SEARCH } from '../../service/compliance/data-map.ts'
import { type TestDatabase, test } from '../support/database.ts'

/** Tables and views with a column that names a person, and tables that lead to one by foreign keys. */
async function tablesOfPersons({ admin }: TestDatabase): Promise<readonly string[]> {
  const { rows } = await admin.query<{ name: string }>(`
    with recursive tables as (
      select c.oid, c.relkind, n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p') and not c.relispartition
        and n.nspname not in ('pg_catalog', 'information_schema', 'graphile_worker', 'hdb_catalog')
    ), about (oid) as (
      select t.oid from tables t join pg_attribute a on a.attrelid = t.oid and a.attname in ('user_id', 'subject_user_id')
      union
      select f.conrelid from about join pg_constraint f on f.confrelid = about.oid and f.contype = 'f'
    )
    select name from tables where oid in (select oid from about) order by name`)
  return rows.map(({ name }) => name)
}

describe('the map of data', () => {
  test('knows every table with a path to a person, and no other', async ({ db }) => {
    const tables = await tablesOfPersons(db)
    const mapped = Object.keys(DATA_MAP)
    expect(tables.filter((name) => !mapped.includes(name))).toEqual([])
    // A view that takes the place of the trail, and tokens to be revoked, which name no person any more.
    const others = ['public.access_log', 'vault.pending_revocations', 'audit.personal_values']
    expect(mapped.filter((name) => !tables.includes(name) && !others.includes(name))).toEqual([])
  })

  test('would miss a new table, and one that leads to a person over another', async ({ db }) => {
    await db.admin.query(`
      create table ops.notes (user_id uuid references public.app_users (user_id), id uuid primary key);
      create table ops.note_pages (note_id uuid references ops.notes (id))`)
    const unknown = (await tablesOfPersons(db)).filter((name) => !Object.hasOwn(DATA_MAP, name))
    expect(unknown).toEqual(['ops.note_pages', 'ops.notes'])
  })

  test('leaves out columns that are there', async ({ db }) => {
    for (const [name, { export: form }] of Object.entries(DATA_MAP)) {
      if (form.as !== 'rows') continue
      const { rows } = await db.admin.query<{ attname: string }>(
        'select attname from pg_attribute where attrelid = $1::regclass and attnum > 0',
        [name],
      )
      const columns = rows.map(({ attname }) => attname)
      expect([name, (form.omit ?? []).filter((column) => !columns.includes(column))]).toEqual([name, []])
      expect(columns).toContain('user_id')
    }
    for (const name of Object.keys(FOUND_BY_SEARCH).filter((table) => table.startsWith('ops.')))
      expect((await db.admin.query('select to_regclass($1) as there', [name])).rows[0]).not.toEqual({ there: null })
  })
})
