import type { Tx } from '../runtime/db.ts'
import { enqueue } from '../runtime/jobs.ts'
import { sql } from '../runtime/sql.ts'
import { rebuildSummaries } from './rebuild-summaries.task.ts'

/** Notes the days whose numbers changed and queues one rebuild for the person. */
export async function queueRebuild(tx: Tx, userId: string, localDays: readonly string[]): Promise<void> {
  await noteDays(tx, userId, localDays)
  await rebuildNow(tx, userId)
}

/** An import that wrote nothing for so long has ended, or its process has. */
const SILENT = '5 seconds'
/** Of a day that waits; the alert on late summaries comes after twice as long. */
const LONGEST = '5 minutes'

/**
 * The same while a file is imported, which brings the days of years by kinds, so that each changes a hundred times: they are merged when no
 * further batch comes, or one of them has waited for long. Merging them meanwhile takes the person's lock and most of the time from the import.
 */
export async function queueRebuildLater(tx: Tx, userId: string, localDays: readonly string[]): Promise<void> {
  await noteDays(tx, userId, localDays)
  const { rows } = await tx.query<{ runAt: Date }>(sql`
    select least(now() + ${SILENT}::interval, min(r.requested_at) + ${LONGEST}::interval) as "runAt"
    from ops.summary_rebuilds r where r.user_id = ${userId}::uuid`)
  await enqueue(tx, rebuildSummaries, { payload: { userId }, runAt: rows[0]?.runAt ?? null })
}

/** What was noted before: at the end of an import. */
export async function rebuildNow(tx: Tx, userId: string): Promise<void> {
  await enqueue(tx, rebuildSummaries, { payload: { userId } })
}

async function noteDays(tx: Tx, userId: string, localDays: readonly string[]): Promise<void> {
  await tx.query(sql`
    insert into ops.summary_rebuilds (user_id, local_day)
    select ${userId}::uuid, day from unnest(${localDays}::date[]) as day order by day
    on conflict (user_id, local_day) do update set requested_at = now()`)
}
