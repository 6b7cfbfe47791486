import { z } from 'zod'
import { defineTask, enqueue } from '../runtime/jobs.ts'
import { ensureWebhookSubscription } from './ensure-webhook-subscription.task.ts'
import type { IngestionServices } from './services.ts'

/** Subscriptions that lapse are looked after once a day. */
export const renewSubscriptions = defineTask<Pick<IngestionServices, 'db' | 'platforms'>>()({
  identifier: 'renew_subscriptions',
  payload: z.unknown(),
  jobKey: () => 'renew_subscriptions',
  async run(_payload, { db, platforms }) {
    const lapsing = [...platforms.values()].filter(({ webhook }) => webhook?.subscriptionLapses === true)
    await db.transaction(async (tx) => {
      for (const { id } of lapsing) await enqueue(tx, ensureWebhookSubscription, { payload: { platform: id } })
    })
    return undefined
  },
})
