import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import type { TestProject } from 'vitest/node'
import { withClient, withDatabase } from '../../database/connect.ts'
import { migrate } from '../../database/migrate.ts'
import { openTemporaryServer } from '../../database/temporary.ts'
import { CONSENTING } from './consenting.ts'

/** What a test file needs to know to make a database of its own. */
export interface TestServer {
  /** Superuser, on the maintenance database. */
  readonly adminUrl: string
  readonly servicePassword: string
  readonly hasuraPassword: string
  /** The migrated database that clones are made from; nobody connects to it. */
  readonly template: string
  /** Clones are named with it, so that a run removes its own and no other's. */
  readonly prefix: string
}

declare module 'vitest' {
  export interface ProvidedContext {
    testServer: TestServer
  }
}

/**
 * One server for the whole run, migrated once. With DATABASE_URL (a superuser's, of a server that is for tests alone:
 * its roles get new passwords) that server, otherwise an embedded one that forgets everything.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await openTemporaryServer(process.env.DATABASE_URL)
  const runId = randomBytes(4).toString('hex')
  const testServer: TestServer = {
    adminUrl: server.adminUrl,
    servicePassword: randomBytes(16).toString('hex'),
    hasuraPassword: randomBytes(16).toString('hex'),
    template: `app_template_${runId}`,
    prefix: `test_${runId}_`,
  }
  const close = async () => {
    try {
      await withClient(server.adminUrl, (client) => dropDatabases(client, testServer))
    } finally {
      await server.close()
    }
  }
  try {
    await withClient(server.adminUrl, (client) => buildTemplate(client, testServer))
  } catch (error) {
    await close()
    throw error
  }
  project.provide('testServer', testServer)
  return close
}

async function buildTemplate(
  client: pg.Client,
  { adminUrl, template, servicePassword, hasuraPassword }: TestServer,
): Promise<void> {
  await client.query(`create database ${template}`)
  await migrate({
    adminUrl: withDatabase(adminUrl, template),
    passwords: { service: servicePassword, hasura: hasuraPassword },
  })
  await withClient(withDatabase(adminUrl, template), (database) => database.query(CONSENTING))
  // A template somebody is connected to cannot be cloned.
  await client.query(`alter database ${template} allow_connections false`)
}

async function dropDatabases(client: pg.Client, { template, prefix }: TestServer): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    'select datname as name from pg_database where datname = $1 or starts_with(datname, $2)',
    [template, prefix],
  )
  for (const { name } of rows) await client.query(`drop database if exists ${name} with (force)`)
}
