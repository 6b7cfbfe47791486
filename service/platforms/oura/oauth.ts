import { z } from 'zod'
import { AppError } from '../../runtime/errors.ts'
import { parseJson } from '../../runtime/json.ts'
import type { PlatformOAuth, RefreshFailure, SendRequest } from '../contract.ts'
import type { OuraApplication, OuraSettings } from './settings.ts'

/** Without their prefix. `personal` tells whose account it is. */
const SCOPES = ['personal', 'daily', 'workout', 'heartrate', 'session', 'spo2', 'stress', 'heart_health'] as const
const REQUIRED = ['personal', 'daily']

export function scopeName(name: string, { scopePrefix }: Pick<OuraSettings, 'scopePrefix'>): string {
  return `${scopePrefix}${name}`
}

/** Endpoints and scopes of Oura's OAuth 2.0. Refresh tokens rotate; the account is asked for with the new token. */
export function ouraOAuth({ clientId, clientSecret }: OuraApplication, settings: OuraSettings): PlatformOAuth {
  const { apiUrl, authorizeUrl, tokenUrl, revokeUrl } = settings
  const named = (names: readonly string[]) => names.map((name) => scopeName(name, settings))
  return {
    clientId,
    clientSecret,
    authorizationUrl: authorizeUrl,
    tokenUrl,
    hosts: [...new Set([apiUrl, authorizeUrl, tokenUrl, revokeUrl].map((url) => new URL(url).host))],
    scopes: named(SCOPES),
    scopeSeparator: ' ',
    requiredScopes: named(REQUIRED),
    authorizationParameters: {},
    grantedScopes: ({ fromCallback, fromToken }) => named(readScopes(fromToken ?? fromCallback ?? '')),
    platformUserId: () => undefined,
    identify: (ask) => identify(ask, apiUrl),
    classifyTokenError,
    revokedBy: 'access_token',
    // Oura wants the token in the address; it is logged nowhere here.
    revocation: (token) => ({
      method: 'POST',
      url: `${revokeUrl}?access_token=${encodeURIComponent(token.reveal())}`,
    }),
  }
}

/** With or without the prefix, and by their older names: Oura's pages have all of them. */
function readScopes(list: string): readonly string[] {
  const names = list.split(/[\s,]+/).map((scope) => scope.replace(/^extapi:/, ''))
  return names.map((name) => (name === 'spo2Daily' ? 'spo2' : name))
}

const PersonalInfo = z.object({ id: z.string().min(1).max(200) })

async function identify(ask: SendRequest, apiUrl: string) {
  const { status, text } = await ask({ method: 'GET', url: `${apiUrl}/v2/usercollection/personal_info` })
  if (status === 401 || status === 403)
    throw new AppError('connection/scope_missing', { platform: 'oura', scope: 'personal' })
  if (status === 429) throw new AppError('platform/rate_limited', { platform: 'oura' })
  if (status !== 200) throw new AppError('platform/unavailable', { platform: 'oura', status })
  const { data } = PersonalInfo.safeParse(readJson(text))
  if (data === undefined) throw new AppError('platform/unexpected_payload', { platform: 'oura', missing: 'account' })
  return { platformUserId: data.id, grantedScopes: undefined }
}

function readJson(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}

/** Only a body that names the grant ends a connection: the older token endpoint answers 400 `invalid_request` to newer applications. */
function classifyTokenError({ status, body }: { status: number; body: unknown }): RefreshFailure {
  const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined
  if (status === 429) return 'rate_limited'
  if (error === 'invalid_grant') return 'invalid_grant'
  if (error === 'invalid_client' || error === 'unauthorized_client' || error === 'invalid_request')
    return 'misconfigured'
  return 'unavailable'
}
