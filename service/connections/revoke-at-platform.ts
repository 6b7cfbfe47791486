import type { Platforms } from '../platforms/contract.ts'
import { sendRequest } from '../runtime/http-client.ts'
import type { TokenPair } from '../vault/tokens.ts'

const LIMITS = { timeoutMs: 10_000, maxBytes: 64 * 1024 }

/** Best effort: whether the platform confirmed. The refresh token goes first, for the access token may have expired (RFC 7009, 2.1). */
export async function revokeAtPlatform(
  platforms: Platforms,
  platform: string,
  { accessToken, refreshToken }: Pick<TokenPair, 'accessToken' | 'refreshToken'>,
): Promise<boolean> {
  const oauth = platforms.get(platform)?.oauth
  if (oauth === undefined) return false
  try {
    const { status } = await sendRequest(oauth.revocation(refreshToken ?? accessToken), LIMITS)
    return status >= 200 && status < 300
  } catch {
    return false
  }
}
