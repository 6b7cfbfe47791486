import { z } from 'zod'
import type { Database, Tx } from '../runtime/db.ts'
import { defineTask, enqueue, PRIORITY } from '../runtime/jobs.ts'
import { sql } from '../runtime/sql.ts'
import { rebuildWaiting, type SummaryServices } from './rebuild-waiting.ts'

/**
 * After the merging rules changed: merges all days of one person anew, then of the next, behind the details of activities, which nobody
 * waits for either (docs/decisions/0020-days-merged-by-older-rules.md). What a killed one leaves, `sweep_rebuilds` finds.
 */
export const mergeAnew = defineTask<SummaryServices>()({
  identifier: 'merge_anew',
  payload: z.unknown(),
  jobKey: () => 'merge_anew',
  priority: PRIORITY.enrichment,
  queue: 'enrichment',
  async run(_payload, services) {
    const startedMs = Date.now()
    const userId = await markNextPerson(services.db)
    if (userId === undefined) return undefined
    await rebuildWaiting(services, userId)
    // Rests as long as it worked: the processors of the database have no order of their own.
    const runAt = new Date(2 * Date.now() - startedMs)
    await services.db.transaction((tx) => queueMergeAnew(tx, runAt))
    return undefined
  },
})

/** Queues the job while there is anybody whose days older rules merged. Default: at once. */
export async function queueMergeAnew(tx: Tx, runAt: Date | null = null): Promise<void> {
  const { rows } = await tx.query<{ isBehind: boolean }>(sql`
    select exists (select from public.app_users u where u.merging_rules < ops.merging_rules()) as "isBehind"`)
  if (rows[0]?.isBehind === true) await enqueue(tx, mergeAnew, { payload: {}, runAt })
}

/** One statement: the person counts as done if and only if all their days wait to be rebuilt. */
async function markNextPerson(db: Database): Promise<string | undefined> {
  const { rows } = await db.query<{ userId: string }>(sql`
    with person as (
      update public.app_users u set merging_rules = ops.merging_rules()
      where u.user_id = (
        select o.user_id from public.app_users o where o.merging_rules < ops.merging_rules()
        order by o.merging_rules limit 1 for update skip locked)
      returning u.user_id
    ), marked as (
      insert into ops.summary_rebuilds (user_id, local_day)
      select s.user_id, s.local_day from public.daily_summaries s join person p on p.user_id = s.user_id
      order by s.local_day
      on conflict (user_id, local_day) do nothing
    )
    select p.user_id as "userId" from person p`)
  return rows[0]?.userId
}
