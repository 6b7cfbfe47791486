import { z } from 'zod'
import type { Database } from '../../service/runtime/db.ts'
import { defineTask } from '../../service/runtime/jobs.ts'
import { sql } from '../../service/runtime/sql.ts'

/** Notes in `ran` that it began, and that it ended. */
export function lingerTask(linger: () => Promise<unknown>) {
  return defineTask<{ readonly db: Database }>()({
    identifier: 'linger',
    payload: z.object({ index: z.number() }),
    jobKey: ({ index }) => `linger:${index}`,
    async run({ index }, { db }) {
      await db.query(sql`insert into ops.ran (index, what) values (${index}::integer, 'began')`)
      await linger()
      await db.query(sql`insert into ops.ran (index, what) values (${index}::integer, 'ended')`)
      return undefined
    },
  })
}
