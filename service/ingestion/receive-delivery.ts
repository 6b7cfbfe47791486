import type { NoticeWebhook, RequestHeaders } from '../platforms/webhook-contract.ts'
import { AppError } from '../runtime/errors.ts'
import type { Intake } from './intake.ts'
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
  services: Pick<IngestionServices, 'sealInbox'> & { readonly intake: Intake },
  incoming: IncomingDelivery,
): Promise<'stored' | 'duplicate'> {
  const { platform, rawBody } = incoming
  const { dedupeKey } = await verify(services.intake, incoming)
  const bodySealed = await services.sealInbox(platform, rawBody)
  return services.intake.store({ platform, dedupeKey, bodySealed })
}

/** A subscription that was made a moment ago may be known to another process alone: before anything is refused for it, we look again. */
async function verify(
  intake: Intake,
  { platform, webhook, rawBody, headers }: IncomingDelivery,
): Promise<{ dedupeKey: string }> {
  const check = async (fresh: boolean) => {
    const subscriptionId = await intake.findSubscription(platform, { fresh })
    return webhook.verify({ rawBody, headers, subscriptionId, now: new Date() })
  }
  try {
    return await check(false)
  } catch (error) {
    if (error instanceof AppError && error.code === 'webhook/unknown_subscription') return check(true)
    throw error
  }
}
