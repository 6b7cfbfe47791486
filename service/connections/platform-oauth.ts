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
