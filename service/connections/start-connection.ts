import { createHash } from 'node:crypto'
import * as client from 'openid-client'
import { AppError } from '../runtime/errors.ts'
import { Secret } from '../runtime/secret.ts'
import { auditConnection, byUser } from './audit.ts'
import { requireConsent } from './consent.ts'
import { insertOAuthState } from './oauth-states.ts'
import { callbackUrl, checkHost, getPlatformOAuth, hashOneTimeValue, issuerOf } from './platform-oauth.ts'
import type { ConnectionServices } from './services.ts'
import { clientOf } from './token-endpoint.ts'

export interface StartInput {
  readonly userId: string
  readonly platform: string
  /** Where the app wants the browser afterwards. */
  readonly redirectUri?: string | undefined
}

export interface StartedConnection {
  /** The platform's own consent page. */
  readonly authorizationUrl: string
  readonly expiresAt: Date
}

type StartServices = Pick<
  ConnectionServices,
  'db' | 'vault' | 'platforms' | 'servicePublicUrl' | 'appRedirectUris' | 'audit'
>

/**
 * Begins an attempt to connect, good for ten minutes. No page of ours and no cookie: only the signed-in person's completeConnection
 * ends it (draft-ietf-oauth-security-topics-update, "Cross-user OAuth session fixation").
 * Throws consent/required, platform/unknown, platform/not_configured, connection/redirect_not_allowed, platform/misconfigured.
 */
export async function startConnection(services: StartServices, input: StartInput): Promise<StartedConnection> {
  const { userId, platform } = input
  const oauth = getPlatformOAuth(services.platforms, platform)
  checkHost(oauth, oauth.authorizationUrl)
  const returnTo = chooseReturnAddress(services.appRedirectUris, input.redirectUri)
  const redirectUri = callbackUrl(services.servicePublicUrl, platform)
  const state = client.randomState()
  const stateHash = hashOneTimeValue(state)
  const verifier = client.randomPKCECodeVerifier()
  const verifierSealed = await services.vault.sealOAuthSecret(
    { platform, stateHash, kind: 'verifier' },
    new Secret(verifier),
  )
  const attempt = { userId, platform, issuer: issuerOf(oauth), redirectUri, returnTo, stateHash, verifierSealed }
  const expiresAt = await services.db.transaction(async (tx) => {
    await requireConsent(tx, { userId, platform })
    const started = { action: 'connection.started', actor: byUser(userId) }
    await auditConnection({ audit: services.audit, tx }, { userId, platform }, started)
    return await insertOAuthState(tx, attempt)
  })
  const authorizationUrl = client.buildAuthorizationUrl(clientOf(oauth), {
    ...oauth.authorizationParameters,
    redirect_uri: redirectUri,
    ...(oauth.sendsScopes === false ? {} : { scope: oauth.scopes.join(oauth.scopeSeparator) }),
    state,
    code_challenge: challengeOf(verifier),
    code_challenge_method: 'S256',
  })
  return { authorizationUrl: authorizationUrl.href, expiresAt }
}

/** RFC 7636, 4.2: S256 and no other. */
export function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier, 'ascii').digest('base64url')
}

/** Compared as text and never parsed: every clever spelling of another address is simply not on the list. */
export function chooseReturnAddress(allowed: readonly string[], wanted: string | undefined): string {
  const chosen = wanted === undefined ? allowed[0] : allowed.find((address) => address === wanted)
  if (chosen === undefined) throw new AppError('connection/redirect_not_allowed')
  return chosen
}
