import type { Database } from './db.ts'
import { RETRY_DEAD_AFTER_S } from './job-failure.ts'
import { buryLostJobs } from './job-queries.ts'
import { describeError, type Log } from './log.ts'
import { sql } from './sql.ts'

const BEAT_MS = 3_000
/** A worker that said nothing for this long is dead; its jobs go back to the queue. */
const DEAD_AFTER_SECONDS = 15

/**
 * graphile-worker keeps the jobs of a killed worker locked for four hours, and every job queued behind them. So each worker says
 * that it is alive, and each looks for those that fell silent.
 */
export function startHeartbeat({ db, log, poolId }: { db: Database; log: Log; poolId: string }): {
  stop(): Promise<void>
} {
  const report = (error: unknown) => log.warn({ operation: 'worker_heartbeat', ...describeError(error) }, 'heartbeat')
  const tick = () =>
    beat(db, poolId)
      .then(() => releaseDead(db, log))
      .then(() => buryLost(db, log))
      .catch(report)
  let running = tick()
  const timer = setInterval(() => {
    running = running.then(tick)
  }, BEAT_MS)
  return {
    async stop() {
      clearInterval(timer)
      await running
      await db.query(sql`delete from ops.workers where pool_id = ${poolId}`)
    },
  }
}

/** Registered before the first job is taken: a worker that dies at once is still found. */
export async function beat(db: Database, poolId: string): Promise<void> {
  await db.query(sql`
    insert into ops.workers (pool_id) values (${poolId})
    on conflict (pool_id) do update set seen_at = clock_timestamp()`)
}

/** Gives the jobs of dead workers back. Answers how many workers were dead. */
export async function releaseDead(db: Database, log: Log): Promise<number> {
  return db.transaction(async (tx) => {
    const { rows } = await tx.query<{ pool_id: string }>(sql`
      delete from ops.workers where pool_id in (
        select w.pool_id from ops.workers w
        where w.seen_at < clock_timestamp() - make_interval(secs => ${DEAD_AFTER_SECONDS}::integer)
        for update skip locked)
      returning pool_id`)
    const poolIds = rows.map((row) => row.pool_id)
    if (poolIds.length === 0) return 0
    await tx.query(sql`select graphile_worker.force_unlock_workers(${poolIds}::text[])`)
    log.warn({ operation: 'release_dead_workers', workers: poolIds.length }, 'jobs given back to the queue')
    return poolIds.length
  })
}

/** Jobs that used up their attempts without saying why, for example because each of their workers was killed. */
export async function buryLost(db: Database, log: Log): Promise<number> {
  const buried = await buryLostJobs(db, { limit: 100, cause: 'job/worker_lost', retryAfterSeconds: RETRY_DEAD_AFTER_S })
  if (buried > 0) log.warn({ operation: 'bury_lost_jobs', jobs: buried }, 'jobs moved to dead_letters')
  return buried
}
