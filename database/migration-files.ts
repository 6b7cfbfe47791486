import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type pg from 'pg'
import { readSqlFile, runFile } from './run-file.ts'

export interface Migration {
  /** The digits in front, which order the migrations and name them to Hasura's CLI. */
  readonly version: string
  readonly name: string
  readonly path: string
}

/** All migrations of a folder, oldest first. Throws when one is named otherwise than `<14 digits>_<verb_noun>`. */
export function readMigrations(directory: string): Migration[] {
  const entries = readdirSync(directory, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  return names.sort().map((name) => {
    const version = /^(\d{14})_[a-z0-9_]+$/.exec(name)?.[1]
    if (version === undefined) throw new Error(`${join(directory, name)}: a migration is named <14 digits>_<verb_noun>`)
    return { version, name, path: join(directory, name) }
  })
}

/** Versions this database has. */
export async function readDone(client: pg.ClientBase): Promise<Set<string>> {
  const { rows } = await client.query<{ version: string }>('select version from ops.schema_migrations')
  return new Set(rows.map(({ version }) => version))
}

export async function applyMigration(client: pg.ClientBase, { version, name, path }: Migration): Promise<void> {
  await runFile(client, readSqlFile(join(path, 'up.sql')), () =>
    client.query('insert into ops.schema_migrations (version, name) values ($1, $2)', [version, name]),
  )
}

export async function revertMigration(client: pg.ClientBase, { version, path }: Migration): Promise<void> {
  await runFile(client, readSqlFile(join(path, 'down.sql')), () =>
    client.query('delete from ops.schema_migrations where version = $1', [version]),
  )
}

/** The runner's own tables: they have to be there before the first migration. */
export async function createBookkeeping(client: pg.ClientBase): Promise<void> {
  await client.query(`
    create schema if not exists ops;
    create table if not exists ops.schema_migrations (
      version text primary key,
      name text not null,
      applied_at timestamptz not null default now()
    );
    comment on table ops.schema_migrations is 'Migrations this database has; written by database/migrate.ts.';
    create table if not exists ops.repeatable_applied (
      name text primary key,
      hash text not null,
      drops text not null,
      applied_at timestamptz not null default now()
    );
    comment on table ops.repeatable_applied is 'Repeatable files as last run, with the statements that undo them.'`)
}
