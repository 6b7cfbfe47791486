import type { Tx } from '../runtime/db.ts'
import { enqueue } from '../runtime/jobs.ts'
import { sql } from '../runtime/sql.ts'
import { rebuildSummaries } from './rebuild-summaries.task.ts'

/** Notes the days whose numbers changed and queues one rebuild for the person. */
export async function queueRebuild(tx: Tx, userId: string, localDays: readonly string[]): Promise<void> {
  await tx.query(sql`
    insert into ops.summary_rebuilds (user_id, local_day)
    select ${userId}::uuid, day from unnest(${localDays}::date[]) as day order by day
    on conflict (user_id, local_day) do update set requested_at = now()`)
  await enqueue(tx, rebuildSummaries, { payload: { userId } })
}
