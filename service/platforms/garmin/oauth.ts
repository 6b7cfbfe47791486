import { z } from 'zod'
import { AppError } from '../../runtime/errors.ts'
import { parseJson } from '../../runtime/json.ts'
import type { LegacyToken, PlatformAnswer, PlatformOAuth, RefreshFailure, SendRequest } from '../contract.ts'
import { signOAuth1 } from './oauth1.ts'
import type { GarminApplication, GarminSettings } from './settings.ts'

/** Chosen by the person on Garmin's page, never asked for in the request; history is off there unless they switch it on. */
export const PERMISSIONS = [
  'ACTIVITY_EXPORT',
  'HEALTH_EXPORT',
  'MCT_EXPORT',
  'HISTORICAL_DATA_EXPORT',
  'WORKOUT_IMPORT',
  'COURSE_IMPORT',
]

/** OAuth 2.0 with PKCE; neither the account nor what was granted is in the token answer. */
export function garminOAuth(application: GarminApplication, settings: GarminSettings): PlatformOAuth {
  const { clientId, clientSecret } = application
  const user = `${settings.apiUrl}${settings.userPath}`
  const hosts = [settings.authorizeUrl, settings.tokenUrl, settings.apiUrl].map((url) => new URL(url).host)
  return {
    clientId,
    clientSecret,
    authorizationUrl: settings.authorizeUrl,
    tokenUrl: settings.tokenUrl,
    hosts: [...new Set(hosts)],
    scopes: PERMISSIONS,
    scopeSeparator: ' ',
    sendsScopes: false,
    requiredScopes: ['ACTIVITY_EXPORT', 'HEALTH_EXPORT'],
    authorizationParameters: {},
    grantedScopes: () => [],
    platformUserId: () => undefined,
    identify: (ask) => identify(ask, user),
    exchangeLegacyToken: (legacy) =>
      exchangeLegacyToken(application, `${settings.apiUrl}${settings.exchangePath}`, legacy),
    classifyTokenError,
    // A refresh token that nobody uses dies after about ninety days.
    refreshIdleAfterDays: 30,
    // Both are calls of the API.
    counted: ['identify', 'revocation'],
    revokedBy: 'access_token',
    revocation: (token) => ({
      method: 'DELETE',
      url: `${user}/registration`,
      headers: { authorization: `Bearer ${token.reveal()}` },
    }),
  }
}

const UserId = z.object({ userId: z.string().min(1).max(200) })

async function identify(ask: SendRequest, user: string) {
  const id = read(await ask({ method: 'GET', url: `${user}/id` }))
  const { data } = UserId.safeParse(id)
  if (data === undefined) throw new AppError('platform/unexpected_payload', { platform: 'garmin', missing: 'account' })
  const permissions = readPermissions(read(await ask({ method: 'GET', url: `${user}/permissions` })))
  return { platformUserId: data.userId, grantedScopes: permissions ?? [] }
}

function read({ status, text }: PlatformAnswer): unknown {
  if (status === 429) throw new AppError('platform/rate_limited', { platform: 'garmin' })
  if (status !== 200) throw new AppError('platform/unavailable', { platform: 'garmin', status })
  try {
    return parseJson(text)
  } catch {
    throw new AppError('platform/unavailable', { platform: 'garmin', why: 'not_json' })
  }
}

/** A list, a list within an object, or a map of switches: Garmin answers with all three. Undefined for anything else. */
export function readPermissions(answer: unknown): readonly string[] | undefined {
  if (Array.isArray(answer)) return answer.filter((name) => typeof name === 'string')
  if (typeof answer !== 'object' || answer === null) return undefined
  if ('permissions' in answer) return readPermissions(answer.permissions)
  const switches = Object.entries(answer)
  if (!switches.every(([, value]) => typeof value === 'boolean')) return undefined
  return switches.flatMap(([name, on]) => (on === true ? [name] : []))
}

function exchangeLegacyToken(
  { clientId, clientSecret }: GarminApplication,
  url: string,
  { token, tokenSecret, nonce, now }: LegacyToken,
) {
  const timestampS = Math.floor(now.getTime() / 1000)
  const signed = {
    method: 'POST',
    url,
    consumerKey: clientId,
    consumerSecret: clientSecret,
    token,
    tokenSecret,
  } as const
  return { method: 'POST', url, headers: { authorization: signOAuth1({ ...signed, nonce, timestampS }) } } as const
}

/** Only a body that names the grant ends a connection. */
function classifyTokenError({ status, body }: { status: number; body: unknown }): RefreshFailure {
  const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined
  if (status === 429) return 'rate_limited'
  if (error === 'invalid_grant') return 'invalid_grant'
  if (error === 'invalid_client' || error === 'unauthorized_client') return 'misconfigured'
  return 'unavailable'
}
