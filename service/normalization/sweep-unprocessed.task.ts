import { z } from 'zod'
import type { Database } from '../runtime/db.ts'
import { defineTask, enqueue } from '../runtime/jobs.ts'
import { sql } from '../runtime/sql.ts'
import { normalizeRawData } from './normalize-raw-data.task.ts'
import type { RawKey } from './raw-key.ts'

const BATCH = 1_000

/** Picks up payloads whose event was lost: a lost event is a delay, never a loss. */
export const sweepUnprocessed = defineTask<{ readonly db: Database }>()({
  identifier: 'sweep_unprocessed',
  payload: z.unknown(),
  jobKey: () => 'sweep_unprocessed',
  async run(_payload, { db }) {
    await db.transaction(async (tx) => {
      // A job that still exists is left alone, and so is one in dead_letters: it is retried there, or somebody gave it up.
      const { rows } = await tx.query<RawKey>(sql`
        select r.user_id as "userId", r.created_at::text as "createdAt", r.id as "rawId"
        from public.raw_fitness_data r
        where r.processed_at is null and r.created_at < now() - interval '1 minute'
          and ops.has_consent(r.user_id, r.platform)
          and not exists (select 1 from graphile_worker.jobs j where j.key = 'normalize_raw_data:' || r.id)
          and not exists (
            select 1 from ops.dead_jobs d join public.dead_letters l on l.id = d.dead_letter_id
            where d.job_key = 'normalize_raw_data:' || r.id and l.state <> 'retried')
        order by r.created_at limit ${BATCH}`)
      for (const payload of rows) await enqueue(tx, normalizeRawData, { payload })
    })
    return undefined
  },
})
