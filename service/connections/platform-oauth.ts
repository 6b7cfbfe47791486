import { createHash } from 'node:crypto'
import type { PlatformOAuth, Platforms } from '../platforms/contract.ts'
import { AppError } from '../runtime/errors.ts'

/** Throws platform/unknown or platform/not_configured. */
export function getPlatformOAuth(platforms: Platforms, platform: string): PlatformOAuth {
  const configured = platforms.get(platform)
  if (configured === undefined) throw new AppError('platform/unknown')
  if (configured.oauth === undefined) throw new AppError('platform/not_configured', { platform })
  return configured.oauth
}

/** The address registered at the platform: one for each platform, never taken from a request (RFC 9700, 4.4.2 and 4.1.3). */
export function callbackUrl(servicePublicUrl: string, platform: string): string {
  return new URL(`/oauth/${platform}/callback`, servicePublicUrl).href
}

/** States and handles are 256 random bits, so a plain hash keeps them from whoever reads the table. */
export function hashOneTimeValue(value: string): Buffer {
  return createHash('sha256').update(value, 'utf8').digest()
}

/**
 * What an attempt is bound to: an answer is only ever exchanged at the endpoints that the attempt began with (RFC 9700, 4.4.2). Kept as
 * text and compared as text.
 */
export function issuerOf({ issuer, authorizationUrl, tokenUrl }: PlatformOAuth): string {
  return [...(issuer === undefined ? [] : [issuer.value]), authorizationUrl, tokenUrl].join(' ')
}

/** RFC 9207, 2.4: simple string comparison, nothing is normalised. Of a platform that is not known to send `iss`, it is ignored. */
export function isFromIssuer({ issuer }: PlatformOAuth, iss: string | undefined): boolean {
  if (issuer === undefined) return true
  return iss === undefined ? !issuer.alwaysSent : iss === issuer.value
}

/** Throws platform/misconfigured before anything secret is sent to a host that is not the platform's. */
export function checkHost({ hosts }: PlatformOAuth, url: string): void {
  const { host } = new URL(url)
  if (!hosts.includes(host)) throw new AppError('platform/misconfigured', { why: 'host_not_allowed', host })
}

/**
 * What was granted, as far as it was asked for. The redirect's `scope` passes through the browser, or an app, and may say anything: what
 * was never asked for is not believed, and what is claimed wrongly is found out when the platform refuses the data.
 */
export function grantedOf(
  oauth: PlatformOAuth,
  claims: { fromCallback: string | null; fromToken: string | null },
): readonly string[] {
  const granted = new Set(oauth.grantedScopes(claims))
  return oauth.scopes.filter((scope) => granted.has(scope))
}
