import { z } from 'zod'
import { defineTask } from '../runtime/jobs.ts'
import type { IngestionServices } from './services.ts'
import { queueIncremental } from './start-sync.ts'
import { lockConsent } from './store-raw.ts'
import { findPolled } from './sync-plan-queries.ts'

/** Looks for what is new at a platform whose webhooks are silent. */
export const pollConnection = defineTask<Pick<IngestionServices, 'db' | 'platforms'>>()({
  identifier: 'poll_connection',
  payload: z.object({ userId: z.uuid(), platform: z.string() }),
  jobKey: ({ userId, platform }) => `poll_connection:${platform}:${userId}`,
  async run(key, { db, platforms }) {
    await db.transaction(async (tx) => {
      // Before the connection: see lockForRun.
      if (!(await lockConsent(tx, key))) return
      const connection = await findPolled(tx, key)
      // Meanwhile a webhook came, or the connection ended.
      if (connection?.polling !== true || !['active', 'limited'].includes(connection.status)) return
      await queueIncremental(platforms, tx, { ...key, askedBy: 'schedule' })
    })
    return undefined
  },
})
