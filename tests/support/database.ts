import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { test as base, inject } from 'vitest'
import { withClient, withDatabase } from '../../database/connect.ts'
import { grantDatabase, HASURA_ROLE, SERVICE_ROLE } from '../../database/roles.ts'

/** A database of one test, with everything the migrations create and no row but theirs. */
export interface TestDatabase {
  readonly name: string
  /** Superuser: to prepare and to look at what no role may see, never for what is tested. */
  readonly adminUrl: string
  readonly serviceUrl: string
  readonly hasuraUrl: string
  /** Pools of those three; they connect when first used and end with `drop`. */
  readonly admin: pg.Pool
  readonly service: pg.Pool
  readonly hasura: pg.Pool
  /** Ends every connection to it, whoever holds it, and removes it. */
  drop(): Promise<void>
}

/** Without even the migrations. */
export type EmptyDatabase = Pick<TestDatabase, 'name' | 'adminUrl' | 'drop'>

/**
 * `test('…', async ({ db }) => …)`: every test that asks for `db` gets a clone of its own; one that asks for `empty`
 * gets a database to run migrations on.
 */
export const test = base.extend<{ db: TestDatabase; empty: EmptyDatabase }>({
  // oxlint-disable-next-line no-empty-pattern -- the runner reads which fixtures this one needs from the pattern
  db: async ({}, use) => lend(await createClone(), use),
  // oxlint-disable-next-line no-empty-pattern -- as above
  empty: async ({}, use) => lend(await createEmptyDatabase(), use),
})

async function lend<Lent extends EmptyDatabase>(database: Lent, use: (database: Lent) => Promise<void>): Promise<void> {
  try {
    await use(database)
  } finally {
    await database.drop()
  }
}

/** A database of its own for whoever cannot use `test`; the caller has to `drop` it. */
export async function createClone(): Promise<TestDatabase> {
  const { adminUrl: serverUrl, template, prefix, servicePassword, hasuraPassword } = inject('testServer')
  const name = `${prefix}${randomBytes(6).toString('hex')}`
  await withClient(serverUrl, async (client) => {
    await client.query(`create database ${name} template ${template}`)
    await grantDatabase(client, name)
  })
  const adminUrl = withDatabase(serverUrl, name)
  const serviceUrl = withLogin(adminUrl, SERVICE_ROLE, servicePassword)
  const hasuraUrl = withLogin(adminUrl, HASURA_ROLE, hasuraPassword)
  const pools = { admin: openPool(adminUrl), service: openPool(serviceUrl), hasura: openPool(hasuraUrl) }
  const drop = async () => {
    await withClient(serverUrl, (client) => client.query(`drop database if exists ${name} with (force)`))
    // Not waited for: a connection that a failed test never gave back would hold it up for ever.
    for (const pool of Object.values(pools)) void pool.end()
  }
  return { name, adminUrl, serviceUrl, hasuraUrl, ...pools, drop }
}

/** The caller has to `drop` it. */
export async function createEmptyDatabase(): Promise<EmptyDatabase> {
  const { adminUrl: serverUrl, prefix } = inject('testServer')
  const name = `${prefix}${randomBytes(6).toString('hex')}`
  await withClient(serverUrl, (client) => client.query(`create database ${name}`))
  const drop = async () => {
    await withClient(serverUrl, (client) => client.query(`drop database if exists ${name} with (force)`))
  }
  return { name, adminUrl: withDatabase(serverUrl, name), drop }
}

function openPool(connectionString: string): pg.Pool {
  const pool = new pg.Pool({ connectionString, max: 5 })
  // `drop` cuts connections that are still open; without a listener that would end the test run.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}

function withLogin(url: string, username: string, password: string): string {
  return Object.assign(new URL(url), { username, password }).href
}
