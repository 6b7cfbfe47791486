import pg from 'pg'
import { AppError } from './errors.ts'
import type { Secret } from './secret.ts'
import type { Query } from './sql.ts'
import { inSpan } from './trace.ts'

export interface Db {
  query<Row extends object>(query: Query): Promise<{ rows: Row[]; rowCount: number }>
}

/** Only `transaction` hands it out, so what needs one cannot be given a plain connection. */
export interface Tx extends Db {
  readonly inTransaction: true
}

export interface Database extends Db {
  /** Commits when `work` resolves, rolls back when it throws. Inside, use `tx` alone. */
  transaction<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result>
  /** For libraries that need node-postgres itself. */
  readonly pool: pg.Pool
  /** The same past the fence of jobs, where there is one: see `job-fence.ts`. */
  readonly unfenced?: Database
  close(): Promise<void>
}

// bigint counts and numeric values stay text: a JavaScript number would round them.
const types = { getTypeParser: pg.types.getTypeParser }

function asDb(client: pg.Pool | pg.PoolClient): Db {
  return {
    async query<Row extends object>({ text, values, name }: Query) {
      const statement = { text, values: [...values], types, ...(name !== undefined && { name }) }
      const result = await client.query<Row>(statement).catch(nameRefusal)
      return { rows: result.rows, rowCount: result.rowCount ?? 0 }
    },
  }
}

/**
 * What our own functions refuse (database/CONVENTIONS.md), by its error code, and a deadlock or a serialization failure: nothing was done,
 * and the same again works. It is not repeated here, for what a transaction's code keeps outside the database would be twice there.
 */
function nameRefusal(error: unknown): never {
  const state = error instanceof Error && 'code' in error ? error.code : undefined
  if (state === '40P01' || state === '40001') throw new AppError('request/try_again', { state }, { cause: error })
  if (state === 'TB020') throw new AppError('erasure/person_erased')
  if (state === 'TB021') throw new AppError('erasure/held')
  throw error
}

export interface DatabaseOptions {
  readonly url: Secret
  readonly maxConnections: number
  /** Shown in pg_stat_activity. */
  readonly applicationName: string
  /** Told about connections that break while idle; the pool replaces them by itself. */
  readonly onIdleError: (error: Error) => void
}

export function openDatabase({ url, maxConnections, applicationName, onIdleError }: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: url.reveal(),
    max: maxConnections,
    application_name: applicationName,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  })
  pool.on('error', onIdleError)
  pool.on('connect', (client) => client.on('error', onIdleError))
  return {
    ...asDb(pool),
    pool,
    transaction: (work) => inSpan(TRANSACTION, () => inTransaction(pool, work)),
    close: () => pool.end(),
  }
}

// No statement is told of: its values may be anything.
const TRANSACTION = { name: 'transaction', facts: { 'db.system.name': 'postgresql' } }

async function inTransaction<Result>(pool: pg.Pool, work: (tx: Tx) => Promise<Result>): Promise<Result> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    await client.query('begin')
    const result = await work({ ...asDb(client), inTransaction: true })
    await client.query('commit').catch(nameRefusal)
    return result
  } catch (error) {
    await client.query('rollback').catch((rollbackError: Error) => {
      broken = rollbackError
    })
    throw error
  } finally {
    client.release(broken)
  }
}
