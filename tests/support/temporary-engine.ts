import { join } from 'node:path'
import { withDatabase } from '../../database/connect.ts'
import { migrate } from '../../database/migrate.ts'
import { HASURA_ROLE } from '../../database/roles.ts'
import { openTemporaryServer } from '../../database/temporary.ts'
import { startEngine } from '../../hasura/local/engine.ts'

const ADMIN_SECRET = 'temporary-admin-secret'
const PASSWORD = 'temporary'

export interface TemporaryEngine {
  /** Ends in /v1/graphql. */
  readonly endpoint: string
  readonly adminSecret: string
  stop(): Promise<void>
}

/** The stand-in over an empty, migrated database that is forgotten afterwards: for looking at the schema, not at data. */
export async function startTemporaryEngine(): Promise<TemporaryEngine> {
  const server = await openTemporaryServer(undefined)
  try {
    await migrate({ adminUrl: server.adminUrl, passwords: { service: PASSWORD, hasura: PASSWORD } })
    const engine = await startEngine(engineOptions(server.adminUrl))
    const stop = async () => {
      await engine.close()
      await server.close()
    }
    return { endpoint: `${engine.url}/v1/graphql`, adminSecret: ADMIN_SECRET, stop }
  } catch (error) {
    await server.close()
    throw error
  }
}

function engineOptions(adminUrl: string) {
  const databaseUrl = Object.assign(new URL(withDatabase(adminUrl, 'postgres')), {
    username: HASURA_ROLE,
    password: PASSWORD,
  }).href
  const env = {
    PG_DATABASE_URL: databaseUrl,
    HASURA_GRAPHQL_ADMIN_SECRET: ADMIN_SECRET,
    HASURA_ACTION_SECRET: 'unused',
    HASURA_EVENT_SECRET: 'unused',
    SERVICE_INTERNAL_URL: 'http://127.0.0.1:9',
  }
  return { metadataDirectory: join(import.meta.dirname, '..', '..', 'hasura', 'metadata'), port: 0, env }
}
