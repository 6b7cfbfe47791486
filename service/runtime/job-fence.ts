import { AsyncLocalStorage } from 'node:async_hooks'
import type { Database, Db, Tx } from './db.ts'
import { AppError } from './errors.ts'
import type { HeldJob } from './job-queries.ts'
import { preparedSql } from './sql.ts'

/**
 * A worker that was frozen and given up for dead wakes up in the middle of a job that another runs by now. What it reads does no harm;
 * what it writes would. So every write of a job happens in a transaction that sees, at its start and again just before its end, that the
 * job is still the worker's own. One that is frozen inside a transaction loses it to Postgres before anybody takes its job over:
 * IDLE_LIMIT is shorter than the time after which workers are given up (`worker-heartbeat.ts`).
 *
 * A lock on the job's row instead would have been held through every transaction, and whoever queues the same job key would have waited
 * for it. Storing a refreshed token pair goes past it (`unfenced`): that has a fence of its own, and losing a pair would cost the person
 * a new consent.
 */
export interface JobFence {
  /** What `work` writes through a guarded database is written as this job. */
  run<Result>(job: HeldJob, work: () => Promise<Result>): Promise<Result>
  /** The same database; inside a job it throws job/taken_over rather than write once the job is somebody else's. */
  guard(db: Database): Database
}

const IDLE_LIMIT = '10s'

export function createJobFence(): JobFence {
  const storage = new AsyncLocalStorage<HeldJob>()
  return {
    run: (job, work) => storage.run(job, work),
    guard(db) {
      const transaction = async <Result>(work: (tx: Tx) => Promise<Result>): Promise<Result> => {
        const job = storage.getStore()
        if (job === undefined) return db.transaction(work)
        return db.transaction(async (tx) => {
          await check(tx, job)
          const result = await work(tx)
          await check(tx, job)
          return result
        })
      }
      const query: Db['query'] = (statement) =>
        storage.getStore() === undefined || isReading(statement.text)
          ? db.query(statement)
          : transaction((tx) => tx.query(statement))
      return { ...db, query, transaction, unfenced: db }
    },
  }
}

/** Past the fence; the database itself where there is none. */
export function unfenced(db: Database): Database {
  return db.unfenced ?? db
}

/** A function that writes may be selected: those that do are budgets and partitions, which nobody has to be kept from. */
function isReading(text: string): boolean {
  return /^\s*select\b/i.test(text)
}

async function check(tx: Tx, { id, worker, lockedAt }: HeldJob): Promise<void> {
  const { rows } = await tx.query<{ held: boolean }>(preparedSql`
    select set_config('idle_in_transaction_session_timeout', ${IDLE_LIMIT}, true),
      ops.holds_job(${id}::bigint, ${worker}::text, ${lockedAt}::timestamptz) as held`)
  if (rows[0]?.held !== true) throw new AppError('job/taken_over')
}
