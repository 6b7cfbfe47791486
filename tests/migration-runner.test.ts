import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { withClient } from '../database/connect.ts'
import { migrate, migrateDown } from '../database/migrate.ts'
import { test as base } from './support/database.ts'

/** A folder of migrations to fill, in place of ours. */
interface Folder {
  readonly directory: string
  migration(name: string, up: string, down?: string): void
  repeatable(name: string, source: string): void
  remove(name: string): void
}

const test = base.extend<{ folder: Folder }>({
  // oxlint-disable-next-line no-empty-pattern -- the runner reads which fixtures this one needs from the pattern
  folder: async ({}, use) => {
    const directory = mkdtempSync(join(tmpdir(), 'tributary-migrations-'))
    const migrations = join(directory, 'migrations', 'default')
    const repeatable = join(directory, 'repeatable')
    for (const path of [migrations, repeatable]) mkdirSync(path, { recursive: true })
    await use({
      directory,
      migration: (name, up, down = '') => {
        mkdirSync(join(migrations, name))
        writeFileSync(join(migrations, name, 'up.sql'), up)
        writeFileSync(join(migrations, name, 'down.sql'), down)
      },
      repeatable: (name, source) => writeFileSync(join(repeatable, name), source),
      remove: (name) => rmSync(join(repeatable, name)),
    })
    rmSync(directory, { recursive: true })
  },
})

const query = async (url: string, text: string) => (await withClient(url, (client) => client.query(text))).rows

describe('a bad migration', () => {
  test('is named by file and line, and leaves no trace', async ({ empty, folder }) => {
    folder.migration(
      '20260101000000_create_notes',
      'create table public.notes (id integer);\n\ninsert into public.notes\nvalues (1, nothing);\n',
    )
    await expect(migrate({ ...empty, directory: folder.directory })).rejects.toThrow(
      /20260101000000_create_notes\/up\.sql:4: column "nothing" does not exist/,
    )
    expect(await query(empty.adminUrl, "select to_regclass('public.notes') as notes")).toEqual([{ notes: null }])
    expect(await query(empty.adminUrl, 'select version from ops.schema_migrations')).toEqual([])
  })

  test('is named by the line of its statement when PostgreSQL tells no position', async ({ empty, folder }) => {
    folder.migration(
      '20260101000000_create_notes',
      'create table public.notes (id integer primary key);\n\ninsert into public.notes\nvalues (1), (1);\n',
    )
    await expect(migrate({ ...empty, directory: folder.directory })).rejects.toThrow(/up\.sql:3: duplicate key value/)
  })

  test('with a name of another shape is refused', async ({ empty, folder }) => {
    folder.migration('2026_create_notes', 'select 1')
    await expect(migrate({ ...empty, directory: folder.directory })).rejects.toThrow('<14 digits>_<verb_noun>')
  })
})

describe('a migration', () => {
  test('marked hasura:no-transaction runs outside of one', async ({ empty, folder }) => {
    folder.migration('20260101000000_create_notes', 'create table public.notes (id integer)')
    const concurrently = 'create index concurrently if not exists notes_by_id on public.notes (id);\n'
    folder.migration('20260102000000_index_notes', `-- hasura:no-transaction\n${concurrently}`)
    const { migrations } = await migrate({ ...empty, directory: folder.directory })
    expect(migrations).toEqual(['20260101000000_create_notes', '20260102000000_index_notes'])

    folder.migration('20260103000000_index_again', concurrently.replace('notes_by_id', 'notes_by_id_again'))
    await expect(migrate({ ...empty, directory: folder.directory })).rejects.toThrow(
      'cannot run inside a transaction block',
    )
  })

  test('runs once, however many runners start at the same time', async ({ empty, folder }) => {
    folder.migration('20260101000000_create_notes', 'select pg_sleep(0.2); create table public.notes (id integer)')
    const results = await Promise.all([1, 2, 3].map(() => migrate({ ...empty, directory: folder.directory })))
    expect(results.flatMap(({ migrations }) => migrations)).toEqual(['20260101000000_create_notes'])
  })

  test('can be stopped before and undone after', async ({ empty, folder }) => {
    folder.migration('20260101000000_create_notes', 'create table public.notes (id integer)', 'drop table public.notes')
    folder.migration(
      '20260102000000_add_text',
      'alter table public.notes add text text',
      'alter table public.notes drop text',
    )
    const { directory } = folder
    expect((await migrate({ ...empty, directory, to: '20260101000000' })).migrations).toEqual([
      '20260101000000_create_notes',
    ])
    expect((await migrate({ ...empty, directory })).migrations).toEqual(['20260102000000_add_text'])
    expect(await migrateDown({ ...empty, directory, steps: 1 })).toEqual(['20260102000000_add_text'])
    expect(await query(empty.adminUrl, 'select version from ops.schema_migrations')).toEqual([
      { version: '20260101000000' },
    ])
  })
})

describe('a repeatable file', () => {
  const one = (body: string) =>
    `-- drops: drop function if exists ops.one();\ncreate or replace function ops.one() returns integer language sql stable return ${body};`

  test('without its drops line is refused', async ({ empty, folder }) => {
    folder.repeatable('10_ops__one.sql', 'select 1')
    await expect(migrate({ ...empty, directory: folder.directory })).rejects.toThrow('10_ops__one.sql:1')
  })

  test('runs when it is new, when it changed and when a migration ran, and not otherwise', async ({
    empty,
    folder,
  }) => {
    const applied = async () => (await migrate({ ...empty, directory: folder.directory })).applied
    folder.repeatable('10_ops__one.sql', one('1'))
    expect(await applied()).toEqual(['10_ops__one.sql'])
    expect(await applied()).toEqual([])
    folder.repeatable('10_ops__one.sql', one('2'))
    expect(await applied()).toEqual(['10_ops__one.sql'])
    expect(await query(empty.adminUrl, 'select ops.one()')).toEqual([{ one: 2 }])
    folder.migration('20260101000000_create_notes', 'create table public.notes (id integer)')
    expect(await applied()).toEqual(['10_ops__one.sql'])
  })

  test('that is deleted takes its objects with it', async ({ empty, folder }) => {
    folder.repeatable('10_ops__one.sql', one('1'))
    await migrate({ ...empty, directory: folder.directory })
    folder.remove('10_ops__one.sql')
    expect(await migrate({ ...empty, directory: folder.directory })).toMatchObject({ dropped: ['10_ops__one.sql'] })
    expect(await query(empty.adminUrl, "select to_regprocedure('ops.one()') as one")).toEqual([{ one: null }])
  })

  test('whose drops changed leaves nothing of its old self', async ({ empty, folder }) => {
    folder.repeatable('10_ops__one.sql', one('1'))
    await migrate({ ...empty, directory: folder.directory })
    folder.repeatable('10_ops__one.sql', one('1').replaceAll('one()', 'one(integer)'))
    await migrate({ ...empty, directory: folder.directory })
    const functions = await query(
      empty.adminUrl,
      "select oid::regprocedure::text as name from pg_proc where proname = 'one'",
    )
    expect(functions).toEqual([{ name: 'ops.one(integer)' }])
  })
})
