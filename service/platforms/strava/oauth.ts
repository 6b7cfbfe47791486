import { z } from 'zod'
import type { Secret } from '../../runtime/secret.ts'
import type { PlatformOAuth, RefreshFailure } from '../contract.ts'
import { names, readError } from './error-body.ts'
import { SourceId } from './schemas.ts'
import type { StravaApplication, StravaSettings } from './settings.ts'

const TokenAnswer = z.object({ athlete: z.object({ id: SourceId }) })

/** Endpoints and scopes of Strava's OAuth 2.0; no PKCE, no discovery. */
export function stravaOAuth(
  { clientId, clientSecret }: StravaApplication,
  { oauthUrl, revokeUrl, revokeStyle, askProfile }: StravaSettings,
): PlatformOAuth {
  return {
    clientId,
    clientSecret,
    authorizationUrl: `${oauthUrl}/authorize`,
    tokenUrl: `${oauthUrl}/token`,
    hosts: [...new Set([new URL(oauthUrl).host, new URL(revokeUrl).host])],
    scopes: ['read', 'activity:read_all', ...(askProfile ? ['profile:read_all'] : [])],
    scopeSeparator: ',',
    requiredScopes: ['activity:read_all'],
    authorizationParameters: { approval_prompt: 'auto' },
    // People can untick scopes, and only the callback tells: the token answer of 2026 has no `scope`.
    grantedScopes: ({ fromCallback, fromToken }) => splitScopes(fromCallback ?? fromToken ?? ''),
    platformUserId: (tokenAnswer) => TokenAnswer.safeParse(tokenAnswer).data?.athlete.id,
    classifyTokenError,
    revokedBy: revokeStyle === 'deauthorize' ? 'access_token' : 'refresh_token',
    revocation: (token: Secret) =>
      revokeStyle === 'deauthorize'
        ? { method: 'POST', url: revokeUrl, headers: { authorization: `Bearer ${token.reveal()}` } }
        : { method: 'POST', url: revokeUrl, headers: basic(clientId, clientSecret), form: { token: token.reveal() } },
  }
}

function basic(clientId: string, clientSecret: Secret): Readonly<Record<string, string>> {
  return { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret.reveal()}`).toString('base64')}` }
}

function splitScopes(list: string): readonly string[] {
  return [...new Set(list.split(/[\s,]+/).filter((scope) => scope !== ''))]
}

/** Only a body that names the grant ends a connection: a maintenance page with status 400 must not. */
function classifyTokenError({ status, body }: { status: number; body: unknown }): RefreshFailure {
  const error = readError(body)
  if (status === 429) return 'rate_limited'
  if (status === 400 && names(error, { resource: 'RefreshToken', field: 'refresh_token', code: 'invalid' }))
    return 'invalid_grant'
  // `Application` since 2026, `RequestToken` before.
  if (status === 400 && names(error, { field: 'code', code: 'invalid' })) return 'invalid_grant'
  if (status === 400 && names(error, { field: 'client_id', code: 'invalid' })) return 'misconfigured'
  if (status === 401) return 'misconfigured'
  if (status === 403 && names(error, { resource: 'Application' })) return 'misconfigured'
  return 'unavailable'
}
