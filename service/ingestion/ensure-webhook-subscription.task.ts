import { z } from 'zod'
import type { SendRequest } from '../platforms/contract.ts'
import { AppError } from '../runtime/errors.ts'
import { defineTask } from '../runtime/jobs.ts'
import { saveSubscriptionId } from './queries.ts'
import type { IngestionServices } from './services.ts'

/** Finds or makes our webhook subscription at a platform; queued whenever a worker starts. */
export const ensureWebhookSubscription = defineTask<IngestionServices>()({
  identifier: 'ensure_webhook_subscription',
  payload: z.object({ platform: z.string() }),
  jobKey: ({ platform }) => `ensure_webhook_subscription:${platform}`,
  async run({ platform }, { db, platforms, send, servicePublicUrl }) {
    const webhook = platforms.get(platform)?.webhook
    if (webhook === undefined) throw new AppError('platform/not_configured', { platform })
    if (webhook.ensureSubscription === undefined) return undefined
    const ask: SendRequest = (request) => send(request, platform)
    const callbackUrl = `${servicePublicUrl}/webhooks/${platform}/${webhook.pathSecret.reveal()}`
    await saveSubscriptionId(db, platform, await webhook.ensureSubscription({ callbackUrl, send: ask }))
    return undefined
  },
})
