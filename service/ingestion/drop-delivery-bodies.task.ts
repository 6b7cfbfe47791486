import { z } from 'zod'
import type { Database } from '../runtime/db.ts'
import { defineTask } from '../runtime/jobs.ts'
import { dropDeliveryBodies, dropDeliveryChunks } from './queries.ts'

export interface DropBodiesServices {
  readonly db: Database
  readonly webhookRetentionDays: number
}

const BATCH = 1000

/** What platforms sent has been read back from them by then; the key that tells a repeat stays, and is no health datum. */
export const dropBodies = defineTask<DropBodiesServices>()({
  identifier: 'drop_delivery_bodies',
  payload: z.object({}),
  jobKey: () => 'drop_delivery_bodies',
  async run(_payload, { db, webhookRetentionDays }) {
    while ((await dropDeliveryBodies(db, { retentionDays: webhookRetentionDays, limit: BATCH })) === BATCH) {
      // Small statements: nobody waits for the locks of a large one.
    }
    await dropDeliveryChunks(db, webhookRetentionDays)
    return undefined
  },
})
