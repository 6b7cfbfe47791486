import { z } from 'zod'
import type { Database } from '../../runtime/db.ts'
import { defineTask } from '../../runtime/jobs.ts'
import { expireExports } from './queries.ts'

/** Copies that nobody fetched in time are removed. */
export const expireDataExports = defineTask<{ readonly db: Database }>()({
  identifier: 'expire_exports',
  payload: z.unknown(),
  jobKey: () => 'expire_exports',
  async run(_payload, { db }) {
    await db.transaction(expireExports)
    return undefined
  },
})
