import { z } from 'zod'
import type { Database } from '../runtime/db.ts'
import { defineTask } from '../runtime/jobs.ts'
import { forgetAbandonedUploads as forget } from './uploads.ts'

/** Bytes of files that were never sent to their end don't stay. */
export const forgetAbandonedUploads = defineTask<{ readonly db: Database }>()({
  identifier: 'forget_abandoned_uploads',
  payload: z.unknown(),
  jobKey: () => 'forget_abandoned_uploads',
  async run(_payload, { db }) {
    await forget(db)
    return undefined
  },
})
