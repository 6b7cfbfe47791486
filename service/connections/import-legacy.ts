import { randomBytes } from 'node:crypto'
import { AppError } from '../runtime/errors.ts'
import { sendRequest } from '../runtime/http-client.ts'
import { parseJson } from '../runtime/json.ts'
import { Secret } from '../runtime/secret.ts'
import { sendCounted } from './counted-request.ts'
import { identify } from './identify.ts'
import { checkHost, getPlatformOAuth } from './platform-oauth.ts'
import { lockUser, upsertConnection } from './queries.ts'
import type { ConnectionServices } from './services.ts'
import { type Grant, readLifetimeSeconds } from './token-endpoint.ts'

const LIMITS = { timeoutMs: 30_000, maxBytes: 64 * 1024 }

export interface LegacyConnection {
  readonly userId: string
  readonly platform: string
  readonly token: Secret
  readonly tokenSecret: Secret
}

type ImportServices = Pick<ConnectionServices, 'db' | 'vault' | 'platforms' | 'queueHistory'>

/**
 * Exchanges a token of OAuth 1.0a for a pair of OAuth 2.0 and stores the connection, as if the person had just connected. Answers
 * `already_connected` without asking when they are. Throws platform/not_configured, platform/refused, platform/unavailable,
 * platform/unexpected_payload, connection/account_taken.
 */
export async function importLegacyConnection(
  services: ImportServices,
  { userId, platform, token, tokenSecret }: LegacyConnection,
): Promise<'imported' | 'already_connected'> {
  const oauth = getPlatformOAuth(services.platforms, platform)
  if (oauth.exchangeLegacyToken === undefined)
    throw new AppError('platform/not_configured', { platform, missing: 'token_exchange' })
  // The exchange may end the old token, so nobody is asked twice.
  if ((await services.vault.findTokens({ userId, platform })) !== undefined) return 'already_connected'
  const nonce = randomBytes(16).toString('hex')
  const request = oauth.exchangeLegacyToken({ token, tokenSecret, nonce, now: new Date() })
  checkHost(oauth, request.url)
  const { status, text } = await sendCounted(oauth, 'identify', () => sendRequest(request, LIMITS))
  if (status !== 200)
    throw new AppError(status >= 500 || status === 429 ? 'platform/unavailable' : 'platform/refused', {
      platform,
      status,
    })
  const grant = readGrant(text, platform)
  const { platformUserId, grantedScopes } = await identify(oauth, grant, { platform, fromCallback: null })
  const missingScopes = oauth.requiredScopes.filter((scope) => !grantedScopes.includes(scope))
  const isWhole = missingScopes.length === 0
  const state = isWhole
    ? ({ status: 'active', statusReason: null } as const)
    : ({ status: 'limited', statusReason: 'connection/scope_missing' } as const)
  try {
    await services.db.transaction(async (tx) => {
      await lockUser(tx, userId)
      await upsertConnection(tx, { userId, platform, platformUserId, grantedScopes, missingScopes, ...state })
      await services.vault.storeTokens(tx, { userId, platform }, grant)
      await services.queueHistory(tx, { userId, platform })
    })
  } catch (error) {
    if (error instanceof Error && 'constraint' in error && error.constraint === 'connections_one_owner_per_account')
      throw new AppError('connection/account_taken', { platform })
    throw error
  }
  return 'imported'
}

function readGrant(text: string, platform: string): Grant {
  const answer = readObject(text)
  const { access_token: access, refresh_token: refresh } = answer
  if (typeof access !== 'string' || access === '' || typeof refresh !== 'string' || refresh === '')
    throw new AppError('platform/unexpected_payload', { platform, missing: 'tokens' })
  return {
    accessToken: new Secret(access),
    refreshToken: new Secret(refresh),
    expiresInSeconds: readLifetimeSeconds(answer['expires_in']) ?? null,
    scope: null,
    answer,
  }
}

function readObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value = parseJson(text)
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>
  } catch {
    // said by the caller: nothing is in it
  }
  return {}
}
