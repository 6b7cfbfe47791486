import { z } from 'zod'
import type { Database } from '../runtime/db.ts'
import { defineTask, enqueue } from '../runtime/jobs.ts'
import { sql } from '../runtime/sql.ts'
import { enforcePolicy } from './enforce-policy.task.ts'

const PEOPLE = 5_000

/** Finds whose data a platform's policy no longer allows to keep; one job for each of them does the rest. */
export const enforcePolicies = defineTask<{ readonly db: Database }>()({
  identifier: 'enforce_policies',
  payload: z.unknown(),
  jobKey: () => 'enforce_policies',
  async run(_payload, { db }) {
    await db.transaction(async (tx) => {
      const { rows } = await tx.query<{ userId: string; platform: string }>(sql`
        select w.user_id as "userId", w.platform from ops.find_policy_work(${PEOPLE}) w`)
      for (const payload of rows) await enqueue(tx, enforcePolicy, { payload })
    })
    return undefined
  },
})
