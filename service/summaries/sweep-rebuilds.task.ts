import { z } from 'zod'
import type { Database } from '../runtime/db.ts'
import { defineTask, enqueue } from '../runtime/jobs.ts'
import { sql } from '../runtime/sql.ts'
import { queueMergeAnew } from './merge-anew.task.ts'
import { rebuildSummaries } from './rebuild-summaries.task.ts'

const PEOPLE = 1_000

/** Days that the database itself marked (a person changed the order of their devices, a policy changed) have no job yet, nor has an upgrade that changed the rules. */
export const sweepRebuilds = defineTask<{ readonly db: Database }>()({
  identifier: 'sweep_rebuilds',
  payload: z.unknown(),
  jobKey: () => 'sweep_rebuilds',
  async run(_payload, { db }) {
    await db.transaction(async (tx) => {
      const { rows } = await tx.query<{ userId: string }>(sql`
        select distinct r.user_id as "userId" from ops.summary_rebuilds r
        where not exists (select 1 from graphile_worker.jobs j where j.key = 'rebuild_summaries:' || r.user_id)
        limit ${PEOPLE}`)
      for (const payload of rows) await enqueue(tx, rebuildSummaries, { payload })
      await queueMergeAnew(tx)
    })
    return undefined
  },
})
