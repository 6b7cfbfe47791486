import type { Db } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'

/** What there is of one task in the queue, and in dead_letters. */
export interface QueuedTask {
  readonly task: string
  readonly due: number
  readonly locked: number
  /** Waits for its time. */
  readonly later: number
  /** Of due and later: failed at least once. */
  readonly failing: number
  /** In dead_letters, waiting. */
  readonly dead: number
  /** Null: none is due. */
  readonly oldestDueSeconds: number | null
  /** Code of one that fails. */
  readonly lastError: string | null
}

/** By task; those whose jobs wait longest first. */
export async function listQueue(db: Db): Promise<readonly QueuedTask[]> {
  const { rows } = await db.query<QueuedTask>(sql`
    select coalesce(q.task, d.task) as task, coalesce(q.due, 0) as due, coalesce(q.locked, 0) as locked, coalesce(q.later, 0) as later,
      coalesce(q.failing, 0) as failing, coalesce(d.dead, 0) as dead, q.oldest as "oldestDueSeconds", q.error as "lastError"
    from (
      select j.task_identifier as task,
        count(*) filter (where j.locked_at is null and j.run_at <= now())::integer as due,
        count(*) filter (where j.locked_at is not null)::integer as locked,
        count(*) filter (where j.locked_at is null and j.run_at > now())::integer as later,
        count(*) filter (where j.last_error is not null and j.locked_at is null)::integer as failing,
        extract(epoch from now() - min(j.run_at) filter (where j.locked_at is null and j.run_at <= now()))::float8 as oldest,
        max(j.last_error) as error
      from graphile_worker.jobs j group by j.task_identifier
    ) q full join (
      select l.task, count(*)::integer as dead from public.dead_letters l where l.state = 'waiting' group by l.task
    ) d on d.task = q.task
    order by q.oldest desc nulls last, task`)
  return rows
}

/** Those that said so within the last fifteen seconds. */
export async function countWorkers(db: Db): Promise<number> {
  const { rows } = await db.query<{ workers: number }>(sql`
    select count(*)::integer as workers from ops.workers where seen_at > now() - interval '15 seconds'`)
  return rows[0]?.workers ?? 0
}
