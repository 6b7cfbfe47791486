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
    await indexJobsOfTasks(pool)
  } finally {
    await pool.end()
    await client.query(`revoke create on database ${database} from ${SERVICE_ROLE}`)
  }
}

/**
 * A worker that looks for jobs of its own tasks goes through all that are due, in their order: through the rows of the queue's table for
 * every job of others that waits before its own. With the task in the index it reads that alone: with 10,000 waiting 0.1 ms instead of 1.9.
 */
async function indexJobsOfTasks(pool: pg.Pool): Promise<void> {
  const { rowCount } = await pool.query(
    "select from pg_index where indexrelid = to_regclass('graphile_worker.jobs_of_tasks') and indisvalid",
  )
  if (rowCount !== 0) return
  // One that was begun and not finished is there, and is used by nobody.
  await pool.query('drop index concurrently if exists graphile_worker.jobs_of_tasks')
  await pool.query(
    `create index concurrently jobs_of_tasks on graphile_worker._private_jobs (priority, run_at, task_id) where is_available`,
  )
}
