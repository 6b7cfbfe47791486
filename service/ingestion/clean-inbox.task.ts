import { z } from 'zod'
import { defineTask } from '../runtime/jobs.ts'
import { deleteOldInbox } from './inbox.ts'
import type { IngestionServices } from './services.ts'

/** What the inbox no longer needs: deliveries that broke off, digests and addresses that nobody will send again. */
export const cleanInbox = defineTask<Pick<IngestionServices, 'db'>>()({
  identifier: 'clean_inbox',
  payload: z.unknown(),
  jobKey: () => 'clean_inbox',
  async run(_payload, { db }) {
    await deleteOldInbox(db)
    return undefined
  },
})
