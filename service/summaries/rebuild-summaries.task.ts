import { z } from 'zod'
import type { Database } from '../runtime/db.ts'
import { defineTask, PRIORITY } from '../runtime/jobs.ts'
import { sql } from '../runtime/sql.ts'

/** Rebuilds a person's days from their metrics, never adds to them: the same metrics give the same summaries. */
export const rebuildSummaries = defineTask<{ readonly db: Database }>()({
  identifier: 'rebuild_summaries',
  payload: z.object({ userId: z.uuid() }),
  jobKey: ({ userId }) => `rebuild_summaries:${userId}`,
  priority: PRIORITY.webhook,
  async run({ userId }, { db }) {
    await db.transaction(async (tx) => {
      await tx.query(sql`select pg_advisory_xact_lock(hashtextextended(${`person:${userId}`}::text, 0))`)
      const { rows } = await tx.query<{ day: string }>(sql`
        delete from ops.summary_rebuilds where user_id = ${userId}::uuid returning local_day::text as day`)
      await tx.query(sql`select ops.rebuild_daily_summaries(${userId}::uuid, ${rows.map((row) => row.day)}::date[])`)
    })
    return undefined
  },
})
