import pg from 'pg'
import { createClone } from './database.ts'
import { startStandIn } from './stand-in.ts'

/** The product's metadata, served by the real engine or by its stand-in. */
export interface EngineUnderTest {
  readonly url: string
  readonly adminSecret: string
  /** Of its database; may do everything. */
  readonly admin: pg.Pool
  close(): Promise<void>
}

/**
 * The engine at HASURA_GRAPHQL_ENDPOINT, with HASURA_GRAPHQL_ADMIN_SECRET, over the database at ENGINE_DATABASE_URL (a
 * superuser's; not DATABASE_URL, whose server's roles get new passwords from the test runner). Without an endpoint it is
 * the stand-in over a database of its own.
 */
export async function openEngineUnderTest(): Promise<EngineUnderTest> {
  const {
    HASURA_GRAPHQL_ENDPOINT: url,
    HASURA_GRAPHQL_ADMIN_SECRET: adminSecret,
    ENGINE_DATABASE_URL: databaseUrl,
  } = process.env
  if (url === undefined) return openStandIn()
  if (adminSecret === undefined || databaseUrl === undefined)
    throw new Error('HASURA_GRAPHQL_ENDPOINT needs HASURA_GRAPHQL_ADMIN_SECRET and ENGINE_DATABASE_URL')
  const admin = new pg.Pool({ connectionString: databaseUrl, max: 2 })
  return { url, adminSecret, admin, close: () => admin.end() }
}

async function openStandIn(): Promise<EngineUnderTest> {
  const db = await createClone()
  const adminSecret = 'an admin secret of a test'
  const engine = await startStandIn(db, {
    HASURA_GRAPHQL_ADMIN_SECRET: adminSecret,
    SERVICE_INTERNAL_URL: 'http://localhost:9',
    HASURA_ACTION_SECRET: 'unused',
    HASURA_EVENT_SECRET: 'unused',
  })
  const close = async () => {
    await engine.close()
    await db.drop()
  }
  return { url: engine.url, adminSecret, admin: db.admin, close }
}
