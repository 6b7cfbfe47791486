import { z } from 'zod'
import type { SendRequest } from '../platforms/contract.ts'
import { AppError } from '../runtime/errors.ts'
import { defineTask } from '../runtime/jobs.ts'
import { saveSubscriptionId } from './queries.ts'
import type { IngestionServices } from './services.ts'
import { sendWithinBudget } from './within-budget.ts'

/** Finds or makes our webhook subscription at a platform; queued whenever a worker starts. */
export const ensureWebhookSubscription = defineTask<IngestionServices>()({
  identifier: 'ensure_webhook_subscription',
  payload: z.object({ platform: z.string() }),
  jobKey: ({ platform }) => `ensure_webhook_subscription:${platform}`,
  async run({ platform }, { db, platforms, send, servicePublicUrl }) {
    const webhook = platforms.get(platform)?.webhook
    if (webhook === undefined) throw new AppError('platform/not_configured', { platform })
    if (webhook.ensureSubscription === undefined) return undefined
    const callbackUrl = `${servicePublicUrl}/webhooks/${platform}/${webhook.pathSecret.reveal()}`
    const readBudget = (headers: Headers) => platforms.get(platform)?.api?.readBudget(headers) ?? []
    const ask: SendRequest = async (request) => {
      const sent = await sendWithinBudget(db, { platform, urgency: 'webhook', readBudget }, () =>
        send(request, platform),
      )
      if ('waitUntil' in sent) throw new AppError('platform/rate_limited', { platform })
      return sent.answer
    }
    await saveSubscriptionId(db, platform, await webhook.ensureSubscription({ callbackUrl, send: ask }))
    return undefined
  },
})
