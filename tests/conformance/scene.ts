import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { withDatabase } from '../../database/connect.ts'
import { startEngine } from '../../hasura/local/engine.ts'
import { startWebhookReceiver } from '../support/webhook-receiver.ts'
import { startActionHandlers } from './action-handlers.ts'

const ADMIN_SECRET = 'conformance-admin-secret'

/** An engine without metadata over an empty database. */
export interface Scene {
  readonly url: string
  readonly adminSecret: string
  /** The same database, as its owner. */
  readonly database: pg.Pool
  close(): Promise<void>
}

export async function openScene(adminUrl: string, env: Readonly<Record<string, string>>): Promise<Scene> {
  const name = `conformance_${randomUUID().replaceAll('-', '')}`
  const admin = new pg.Pool({ connectionString: adminUrl, max: 1 })
  await admin.query(`create database ${name}`)
  const databaseUrl = withDatabase(adminUrl, name)
  const database = new pg.Pool({ connectionString: databaseUrl, max: 2 })
  database.on('error', () => {})
  // Some folders keep their tables there; the official runner creates it for each database.
  await database.query('create schema hge_tests')
  const [actions, events] = [await startActionHandlers(database), await startWebhookReceiver()]
  const metadataDirectory = await createEmptyMetadata()
  await writeFile(join(metadataDirectory, 'opentelemetry.yaml'), JSON.stringify({ status: 'enabled' }))
  const engine = await startEngine({
    metadataDirectory,
    databaseUrl,
    port: 0,
    env: {
      HASURA_GRAPHQL_ADMIN_SECRET: ADMIN_SECRET,
      HASURA_GRAPHQL_STRINGIFY_NUMERIC_TYPES: 'true',
      HASURA_GRAPHQL_GRACEFUL_SHUTDOWN_TIMEOUT: '1',
      ACTION_WEBHOOK_HANDLER: actions.url,
      EVENT_WEBHOOK_HANDLER: events.url,
      ...env,
    },
  })
  return {
    url: engine.url,
    adminSecret: ADMIN_SECRET,
    database,
    async close() {
      await engine.close()
      await Promise.all([actions.close(), events.close(), database.end()])
      await admin.query(`drop database ${name} with (force)`)
      await admin.end()
      await rm(metadataDirectory, { recursive: true })
    },
  }
}

async function createEmptyMetadata(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'conformance-'))
  await mkdir(join(directory, 'databases'))
  await writeFile(join(directory, 'version.yaml'), 'version: 3\n')
  const source = {
    name: 'default',
    kind: 'postgres',
    configuration: { connection_info: { database_url: 'unused' } },
    tables: [],
  }
  await writeFile(join(directory, 'databases', 'databases.yaml'), JSON.stringify([source]))
  return directory
}
