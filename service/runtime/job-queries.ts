import type { Db } from './db.ts'
import { sql } from './sql.ts'

/** A job as the worker holds it. */
export interface HeldJob {
  readonly id: string
  /** Null: queued without one. */
  readonly key: string | null
  /** This one included. */
  readonly attempts: number
  readonly maxAttempts: number
  /** Who holds it; another worker's hold is never touched. */
  readonly worker: string
  /** Since when. */
  readonly lockedAt: Date
}

/** Gives it back to the queue. Answers false when another worker holds it by now. */
export async function putBackJob(
  db: Db,
  { id, worker, key }: HeldJob,
  { afterSeconds, error, burnsAttempt }: { afterSeconds: number; error: string | null; burnsAttempt: boolean },
): Promise<boolean> {
  const { rows } = await db.query<{ done: boolean }>(sql`
    select ops.put_back_job(${id}::bigint, ${worker}, ${key}::text, ${afterSeconds}::double precision, ${error}::text,
      ${burnsAttempt}::boolean) as done`)
  return rows[0]?.done ?? false
}

/** Out of the queue and into `dead_letters`, in one transaction. False when it is not this worker's any more, or was queued anew. */
export async function buryJob(
  db: Db,
  { id, worker, key }: HeldJob,
  { cause, retryAfterSeconds }: { cause: string; retryAfterSeconds: readonly number[] },
): Promise<boolean> {
  const { rows } = await db.query<{ letter: string | null }>(sql`
    select ops.bury_job(${id}::bigint, ${worker}, ${key}::text, ${cause}, ${retryAfterSeconds}::double precision[]) as letter`)
  return (rows[0]?.letter ?? null) !== null
}

/** Jobs whose last attempt ended with their worker. Answers how many. */
export async function buryLostJobs(
  db: Db,
  { limit, cause, retryAfterSeconds }: { limit: number; cause: string; retryAfterSeconds: readonly number[] },
): Promise<number> {
  const { rows } = await db.query<{ buried: number }>(sql`
    select ops.bury_lost_jobs(${limit}::integer, ${cause}, ${retryAfterSeconds}::double precision[]) as buried`)
  return rows[0]?.buried ?? 0
}

/** Begins one job of a queue that has a rate, or answers when to come again. */
export async function takeJob(db: Db, queue: string, perMinute: number): Promise<Date | undefined> {
  const { rows } = await db.query<{ notBefore: Date | null }>(sql`
    select ops.take_job(${queue}, ${perMinute}::integer) as "notBefore"`)
  return rows[0]?.notBefore ?? undefined
}
