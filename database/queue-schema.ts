import { runMigrations } from 'graphile-worker'
import pg from 'pg'
import { databaseOf } from './connect.ts'
import { SERVICE_ROLE } from './roles.ts'

/**
 * Installs or upgrades graphile-worker's own schema, owned by the service's role: its runner checks and upgrades it at
 * every start, and as the owner it needs no rights beyond it.
 */
export async function installQueueSchema(client: pg.ClientBase, adminUrl: string): Promise<void> {
  const database = pg.escapeIdentifier(databaseOf(adminUrl))
  // Creating a schema takes a right on the database that the service should not keep.
  await client.query(`grant create on database ${database} to ${SERVICE_ROLE}`)
  const pool = new pg.Pool({ connectionString: adminUrl, options: `-c role=${SERVICE_ROLE}`, max: 1 })
  pool.on('error', () => {})
  pool.on('connect', (connection) => connection.on('error', () => {}))
  try {
    await runMigrations({ pgPool: pool })
  } finally {
    await pool.end()
    await client.query(`revoke create on database ${database} from ${SERVICE_ROLE}`)
  }
}
