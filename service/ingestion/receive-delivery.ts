import type { NoticeWebhook, RequestHeaders } from '../platforms/webhook-contract.ts'
import { enqueue } from '../runtime/jobs.ts'
import { processDelivery } from './process-delivery.task.ts'
import { findSubscriptionId, insertDelivery } from './queries.ts'
import type { IngestionServices } from './services.ts'

export interface IncomingDelivery {
  readonly platform: string
  readonly webhook: NoticeWebhook
  readonly rawBody: Buffer
  readonly headers: RequestHeaders
}

/**
 * Checks a delivery and keeps its exact bytes, sealed, with the job that acts on them: both or neither, and only then the
 * platform gets its 200. Throws webhook/*.
 */
export async function receiveDelivery(
  services: Pick<IngestionServices, 'db' | 'sealInbox'>,
  { platform, webhook, rawBody, headers }: IncomingDelivery,
): Promise<'stored' | 'duplicate'> {
  const subscriptionId = await findSubscriptionId(services.db, platform)
  const { dedupeKey } = webhook.verify({ rawBody, headers, subscriptionId, now: new Date() })
  const bodySealed = await services.sealInbox(platform, rawBody)
  return services.db.transaction(async (tx) => {
    const stored = await insertDelivery(tx, { platform, dedupeKey, bodySealed })
    if (stored === 'duplicate') return 'duplicate'
    await enqueue(tx, processDelivery, { payload: { deliveryId: stored.id } })
    return 'stored'
  })
}
