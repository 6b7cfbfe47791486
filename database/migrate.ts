import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { databaseOf, withClient } from './connect.ts'
import { developmentDirectory, startDevelopmentDatabase } from './development.ts'
import { applyMigration, createBookkeeping, readDone, readMigrations, revertMigration } from './migration-files.ts'
import { installQueueSchema } from './queue-schema.ts'
import { applyRepeatable, dropRepeatable, type RepeatableChanges } from './repeatable.ts'
import { ensureRoles, grantDatabase, MIGRATION_ROLE, prepareSchemas, type RolePasswords } from './roles.ts'

interface Target {
  /** A superuser, or a role with CREATEROLE that owns the database. */
  readonly adminUrl: string
  /** Holds `migrations/default` and `repeatable`; default: the folder of this file. */
  readonly directory?: string
}

export interface MigrateOptions extends Target {
  readonly passwords?: RolePasswords
  /** Stop after this version. Functions and views are then left as they are: their files fit the newest tables only. */
  readonly to?: string
}

export interface MigrateDownOptions extends Target {
  readonly steps: number | 'all'
}

/** Names of folders and files, in the order in which they were run. */
export interface MigrateResult extends RepeatableChanges {
  readonly migrations: readonly string[]
}

/**
 * Brings a database to what the files say: roles, rights, the queue's schema, migrations in order of time, then
 * functions and views. Does nothing to one that is there already. Runners on one database wait for each other.
 * Throws an Error naming file and line when PostgreSQL refuses a statement; that file leaves no trace.
 */
export async function migrate(options: MigrateOptions): Promise<MigrateResult> {
  const { adminUrl, passwords = {}, to, directory = import.meta.dirname } = options
  return withLock(adminUrl, async (client) => {
    await ensureRoles(client, passwords)
    await grantDatabase(client, databaseOf(adminUrl))
    await prepareSchemas(client)
    await installQueueSchema(client, adminUrl)
    await client.query(`set role ${MIGRATION_ROLE}`)
    await createBookkeeping(client)
    const done = await readDone(client)
    const all = readMigrations(join(directory, 'migrations', 'default'))
    const pending = all.filter(({ version }) => !done.has(version) && (to === undefined || version <= to))
    for (const migration of pending) await applyMigration(client, migration)
    const migrations = pending.map(({ name }) => name)
    if (to !== undefined) return { migrations, applied: [], dropped: [] }
    return { migrations, ...(await applyRepeatable(client, join(directory, 'repeatable'), migrations.length > 0)) }
  })
}

/**
 * Undoes the newest migrations by their down files and answers their names. Functions, views and triggers go with them,
 * all of them: `migrate` of the version one goes back to restores its own.
 */
export async function migrateDown(options: MigrateDownOptions): Promise<string[]> {
  const { adminUrl, steps, directory = import.meta.dirname } = options
  return withLock(adminUrl, async (client) => {
    await client.query(`set role ${MIGRATION_ROLE}`)
    const done = await readDone(client)
    const all = readMigrations(join(directory, 'migrations', 'default'))
    const newestFirst = all.filter(({ version }) => done.has(version)).reverse()
    const undone = steps === 'all' ? newestFirst : newestFirst.slice(0, steps)
    await dropRepeatable(client)
    for (const migration of undone) await revertMigration(client, migration)
    return undone.map(({ name }) => name)
  })
}

function withLock<Result>(adminUrl: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  return withClient(adminUrl, async (client) => {
    while (!(await tryLock(client))) await sleep(RETRY_MS)
    return work(client)
  })
}

const RETRY_MS = 200

/** Asked again and again: who waits inside a statement has a snapshot, and an index that is built concurrently waits for all of them to end. */
async function tryLock(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(
    "select pg_try_advisory_lock(hashtextextended('tributary migrate', 0)) as locked",
  )
  return rows[0]?.locked === true
}

const USAGE = `Usage: npm run db:migrate [-- to <version> | down <number> | down all]
DATABASE_URL is the administrator's connection; without it the embedded server of npm start is used.
SERVICE_DATABASE_PASSWORD and HASURA_DATABASE_PASSWORD, when set, become the passwords of the two login roles.`

async function main([command, argument]: readonly string[]): Promise<void> {
  const given = process.env.DATABASE_URL
  const embedded = given === undefined ? await startDevelopmentDatabase(developmentDirectory(process.env)) : undefined
  const adminUrl = given ?? embedded?.adminUrl ?? ''
  try {
    for (const line of await runCommand({ adminUrl, command, argument })) process.stdout.write(`${line}\n`)
  } finally {
    await embedded?.stop()
  }
}

async function runCommand(request: {
  adminUrl: string
  command: string | undefined
  argument: string | undefined
}): Promise<string[]> {
  const { adminUrl, command, argument = '' } = request
  const { SERVICE_DATABASE_PASSWORD: service, HASURA_DATABASE_PASSWORD: hasura } = process.env
  const passwords = { ...(service && { service }), ...(hasura && { hasura }) }
  if (command === undefined) return describe(await migrate({ adminUrl, passwords }))
  if (command === 'to' && /^\d{14}$/.test(argument))
    return describe(await migrate({ adminUrl, passwords, to: argument }))
  if (command === 'down' && /^(all|[1-9]\d*)$/.test(argument)) {
    const undone = await migrateDown({ adminUrl, steps: argument === 'all' ? 'all' : Number(argument) })
    return [
      ...undone.map((name) => `undone   ${name}`),
      'dropped  functions and views; they return with the next db:migrate',
    ]
  }
  throw new Error(USAGE)
}

function describe({ migrations, applied, dropped }: MigrateResult): string[] {
  const lines = [
    ...migrations.map((name) => `migrated ${name}`),
    ...dropped.map((name) => `dropped  what ${name} had created`),
    ...applied.map((name) => `applied  ${name}`),
  ]
  return lines.length > 0 ? lines : ['nothing to do']
}

if (import.meta.main) {
  await main(process.argv.slice(2)).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  })
}
