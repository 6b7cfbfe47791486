import type { NoticeWebhook, RequestHeaders } from '../platforms/webhook-contract.ts'
import { AppError } from '../runtime/errors.ts'
import type { Intake } from './intake.ts'

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
  intake: Intake,
  { platform, webhook, rawBody, headers }: IncomingDelivery,
): Promise<'stored' | 'duplicate'> {
  const check = (subscriptionId: string | undefined) =>
    webhook.verify({ rawBody, headers, subscriptionId, now: new Date() })
  let verified: ReturnType<typeof check>
  try {
    verified = check(await intake.findSubscription(platform))
  } catch (error) {
    // Made a moment ago, it may be known to another process alone: before anything is refused for it, we look again.
    if (!(error instanceof AppError && error.code === 'webhook/unknown_subscription')) throw error
    verified = check(await intake.findSubscription(platform, { fresh: true }))
  }
  return intake.store({ platform, dedupeKey: verified.dedupeKey, body: rawBody })
}
