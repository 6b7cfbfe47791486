import { describe, expect } from 'vitest'
import { installEventCatalog } from '../../hasura/local/events/catalog.ts'
import { DECISIONS } from '../../service/compliance/erasure/decisions.ts'
import { type TestDatabase, test } from '../support/database.ts'

interface Table {
  readonly name: string
  readonly aboutSomebody: boolean
}

/** Every table but Postgres' own and partitions; about somebody: with a column `user_id`, or by foreign keys from one that has. */
async function walk({ admin }: TestDatabase): Promise<readonly Table[]> {
  const { rows } = await admin.query<Table>(`
    with recursive tables as (
      select c.oid, n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p') and not c.relispartition and n.nspname not in ('pg_catalog', 'information_schema')
    ), about (oid) as (
      select t.oid from tables t join pg_attribute a on a.attrelid = t.oid and a.attname in ('user_id', 'subject_user_id')
      union
      select f.conrelid from about join pg_constraint f on f.confrelid = about.oid and f.contype = 'f'
    )
    select name, exists (select from about where about.oid = tables.oid) as "aboutSomebody" from tables order by name`)
  return rows
}

describe('what an erasure does with a table', () => {
  test('is decided for every table there is, and for none that is not', async ({ db }) => {
    const hasura = await db.hasura.connect()
    await installEventCatalog(hasura)
    hasura.release()
    const tables = (await walk(db)).map(({ name }) => name)
    expect(tables.filter((name) => !Object.hasOwn(DECISIONS, name))).toEqual([])
    const optional = ['hdb_catalog.hdb_action_log'] // only where actions are asynchronous
    expect(Object.keys(DECISIONS).filter((name) => !tables.includes(name) && !optional.includes(name))).toEqual([])
  })

  test('is never nothing where there is a path to a person', async ({ db }) => {
    const wrong = (await walk(db)).filter(
      ({ aboutSomebody, name }) => aboutSomebody && DECISIONS[name]?.becomes === 'untouched',
    )
    expect(wrong).toEqual([])
  })

  test('would be missed for a new table', async ({ db }) => {
    await db.admin.query('create table ops.notes (user_id uuid references public.app_users (user_id), note text)')
    await db.admin.query('create table ops.note_pages (note uuid references ops.uploads (id))').catch(() => {})
    const tables = await walk(db)
    expect(tables.filter(({ name }) => !Object.hasOwn(DECISIONS, name))).toContainEqual({
      name: 'ops.notes',
      aboutSomebody: true,
    })
  })

  test('says "with its owner" only where a foreign key does it', async ({ db }) => {
    const { rows } = await db.admin.query<{ name: string; owner: string }>(`
      select n.nspname || '.' || c.relname as name, pn.nspname || '.' || p.relname as owner from pg_constraint f
      join pg_class c on c.oid = f.conrelid join pg_namespace n on n.oid = c.relnamespace
      join pg_class p on p.oid = f.confrelid join pg_namespace pn on pn.oid = p.relnamespace
      where f.contype = 'f' and f.confdeltype = 'c'`)
    const wrong = Object.entries(DECISIONS).filter(
      ([name, decision]) =>
        decision.becomes === 'deleted_with' && !rows.some((key) => key.name === name && key.owner === decision.owner),
    )
    expect(wrong).toEqual([])
  })
})
