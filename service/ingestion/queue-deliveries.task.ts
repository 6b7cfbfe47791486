import { z } from 'zod'
import { defineTask, PRIORITY } from '../runtime/jobs.ts'
import { queueDeliveries } from './insert-deliveries.ts'
import { processDelivery } from './process-delivery.task.ts'
import type { IngestionServices } from './services.ts'

/**
 * Deliveries that came with many others are stored with this one job instead of a job for each (`ops.receive_deliveries`): the platforms
 * wait for the one, and a worker makes the many. From there on each has its own attempts, dead letter and place. Run twice it does no harm.
 */
export const queueDeliveriesTask = defineTask<Pick<IngestionServices, 'db'>>()({
  identifier: 'queue_deliveries',
  payload: z.object({ deliveryIds: z.array(z.uuid()).min(1) }),
  jobKey: ({ deliveryIds }) => `queue_deliveries:${deliveryIds[0]}`,
  priority: PRIORITY.webhook - 1,
  queue: 'webhooks',
  async run({ deliveryIds }, { db }) {
    // In a transaction, though it is one statement: a select alone would pass the fence of jobs.
    await db.transaction((tx) => queueDeliveries(tx, processDelivery, deliveryIds))
    return undefined
  },
})
