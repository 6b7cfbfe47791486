import type { PlatformOAuth, SendRequest } from '../platforms/contract.ts'
import { AppError } from '../runtime/errors.ts'
import { sendRequest } from '../runtime/http-client.ts'
import { sendCounted } from './counted-request.ts'
import { checkHost, grantedOf } from './platform-oauth.ts'
import type { Grant } from './token-endpoint.ts'

const LIMITS = { timeoutMs: 10_000, maxBytes: 64 * 1024 }

/**
 * Whose account was granted, and what: from the token endpoint's answer, or by asking the platform with the new token where that does
 * not say. Throws platform/unexpected_payload and what asking throws.
 */
export async function identify(
  oauth: PlatformOAuth,
  grant: Grant,
  { platform, fromCallback }: { platform: string; fromCallback: string | null },
): Promise<{ platformUserId: string; grantedScopes: readonly string[] }> {
  const asked = await oauth.identify?.(askWith(oauth, grant))
  const platformUserId = asked?.platformUserId ?? oauth.platformUserId(grant.answer)
  if (platformUserId === undefined) throw new AppError('platform/unexpected_payload', { platform, missing: 'account' })
  const told = asked?.grantedScopes
  const grantedScopes =
    told === undefined
      ? grantedOf(oauth, { fromCallback, fromToken: grant.scope })
      : oauth.scopes.filter((scope) => told.includes(scope))
  return { platformUserId, grantedScopes }
}

function askWith(oauth: PlatformOAuth, { accessToken }: Grant): SendRequest {
  return async (request) => {
    checkHost(oauth, request.url)
    const headers = { ...request.headers, authorization: `Bearer ${accessToken.reveal()}` }
    return sendCounted(oauth, 'identify', () => sendRequest({ ...request, headers }, LIMITS))
  }
}
