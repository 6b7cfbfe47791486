import type { CountedRequest, PlatformOAuth } from '../platforms/contract.ts'
import type { HttpAnswer } from '../runtime/http-client.ts'

/**
 * A request of the OAuth flow; where the platform counts its kind against the application's limit, inside the budget that all processes
 * share. Throws platform/rate_limited when there is no room, and what `send` throws.
 */
export async function sendCounted(
  { counted, withinBudget }: PlatformOAuth,
  kind: CountedRequest,
  send: () => Promise<HttpAnswer>,
): Promise<HttpAnswer> {
  return withinBudget !== undefined && counted?.includes(kind) === true ? withinBudget(send) : send()
}
