import type { Tx } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { Secret } from '../runtime/secret.ts'
import { auditConnection, byUser } from './audit.ts'
import { requireConsent } from './consent.ts'
import { endCooldown } from './cooldown.ts'
import { identify } from './identify.ts'
import { type BurntState, burnHandle, burnState } from './oauth-states.ts'
import { dropPendingRevocations } from './pending-revocations.ts'
import { getPlatformOAuth, hashOneTimeValue, isFromIssuer, issuerOf } from './platform-oauth.ts'
import { lockUser, upsertConnection } from './queries.ts'
import type { ConnectionKey, ConnectionServices } from './services.ts'
import { exchangeCode, type Grant } from './token-endpoint.ts'

/**
 * A handle from our callback, or code, state, granted scope and issuer as a native app caught them in the redirect (RFC 8252). The scope
 * is the app's word, as it is the browser's otherwise: Strava's token answer has none. See `grantedOf`.
 */
export type CompleteInput = {
  readonly userId: string
  /** Throws when the caller may not work with the platform, which a handle does not name. */
  readonly checkPlatform?: (platform: string) => Promise<void>
} & (
  | { readonly handle: string }
  | {
      readonly platform: string
      readonly code: string
      readonly state: string
      readonly scope?: string | null
      readonly iss?: string | null
    }
)

export interface CompletedConnection {
  readonly connectionId: string
  readonly platform: string
  readonly status: 'active' | 'limited'
  readonly missingScopes: readonly string[]
  /** The import of the history that was queued with it. */
  readonly syncRunId: string
}

type CompleteServices = Pick<ConnectionServices, 'db' | 'vault' | 'platforms' | 'queueHistory' | 'audit'>

/**
 * Exchanges the code for tokens, for the signed-in person who began the attempt and nobody else. Whatever follows, the attempt is used
 * up: a crash costs one more click. Connection, sealed tokens and the first sync are one transaction.
 * Throws what `checkPlatform` throws, consent/required, connection/handle_invalid (also for another person's attempt), connection/code_refused, connection/account_taken,
 * platform/unknown, platform/misconfigured, platform/rate_limited, platform/unavailable, platform/unexpected_payload.
 */
export async function completeConnection(
  services: CompleteServices,
  input: CompleteInput,
): Promise<CompletedConnection> {
  const { attempt, code } = await burnAttempt(services, input)
  const { platform, stateHash } = attempt
  await input.checkPlatform?.(platform)
  // Withdrawn while the person was at the platform: then nothing is fetched there.
  await services.db.transaction((tx) => requireConsent(tx, { userId: input.userId, platform }))
  const oauth = getPlatformOAuth(services.platforms, platform)
  if (issuerOf(oauth) !== attempt.issuer) throw new AppError('connection/handle_invalid')
  const verifier = await services.vault.openOAuthSecret(
    { platform, stateHash, kind: 'verifier' },
    attempt.verifierSealed,
  )
  const grant = await exchangeCode(oauth, { code, verifier, redirectUri: attempt.redirectUri })
  const fromCallback = 'handle' in input ? attempt.callbackScopes : (input.scope ?? null)
  const { platformUserId, grantedScopes } = await identify(oauth, grant, { platform, fromCallback })
  const missingScopes = oauth.requiredScopes.filter((scope) => !grantedScopes.includes(scope))
  try {
    const account = { userId: input.userId, platform, platformUserId, grantedScopes, missingScopes }
    return await services.db.transaction((tx) => store(services, tx, { account, grant }))
  } catch (error) {
    // The fresh tokens are dropped, not revoked: at Strava that would end the rightful owner's access to the same account.
    if (!isAccountTaken(error)) throw error
    await refuse(services, { userId: input.userId, platform }, { action: 'connection.account_taken', by: input.userId })
    throw new AppError('connection/account_taken', { platform })
  }
}

interface Account {
  readonly userId: string
  readonly platform: string
  readonly platformUserId: string
  readonly grantedScopes: readonly string[]
  readonly missingScopes: readonly string[]
}

async function store(
  { vault, queueHistory, audit }: CompleteServices,
  tx: Tx,
  { account, grant }: { account: Account; grant: Grant },
): Promise<CompletedConnection> {
  const { userId, platform, missingScopes } = account
  const status = missingScopes.length === 0 ? 'active' : 'limited'
  const statusReason = status === 'active' ? null : 'connection/scope_missing'
  await lockUser(tx, userId)
  const connectionId = await upsertConnection(tx, { ...account, status, statusReason })
  await dropPendingRevocations(tx, account)
  await vault.storeTokens(tx, { userId, platform }, grant)
  await endCooldown(tx, { userId, platform })
  const syncRunId = await queueHistory(tx, { userId, platform })
  const completed = { action: 'connection.completed', actor: byUser(userId), details: { status } }
  await auditConnection({ audit, tx }, { userId, platform }, completed)
  return { connectionId, platform, status, missingScopes, syncRunId }
}

async function burnAttempt(
  services: CompleteServices,
  input: CompleteInput,
): Promise<{ attempt: BurntState; code: Secret }> {
  const { db, vault, platforms } = services
  const callerId = input.userId
  if ('handle' in input) {
    const burnt = await burnHandle(db, { handleHash: hashOneTimeValue(input.handle), callerId })
    const attempt = await ownAttempt(services, burnt, callerId)
    const { platform, stateHash, codeSealed } = attempt
    if (codeSealed === null) throw new AppError('connection/handle_invalid')
    return { attempt, code: await vault.openOAuthSecret({ platform, stateHash, kind: 'code' }, codeSealed) }
  }
  const { platform } = input
  const oauth = getPlatformOAuth(platforms, platform)
  if (!isFromIssuer(oauth, input.iss ?? undefined)) throw new AppError('connection/handle_invalid', { why: 'issuer' })
  const burnt = await burnState(db, { platform, stateHash: hashOneTimeValue(input.state), callerId })
  return { attempt: await ownAttempt(services, burnt, callerId), code: new Secret(input.code) }
}

/** Who brings another person's attempt is told what everybody is told; the trail knows better. */
async function ownAttempt(
  services: CompleteServices,
  burnt: BurntState | undefined,
  callerId: string,
): Promise<BurntState> {
  if (burnt?.belongsToCaller === true) return burnt
  if (burnt !== undefined) await refuse(services, burnt, { action: 'oauth.user_mismatch', by: callerId })
  throw new AppError('connection/handle_invalid')
}

async function refuse(
  { db, audit }: CompleteServices,
  { userId, platform }: ConnectionKey,
  { action, by }: { action: string; by: string },
): Promise<void> {
  const what = { action, actor: byUser(by), outcome: 'refused' } as const
  await db.transaction((tx) => auditConnection({ audit, tx }, { userId, platform }, what))
}

function isAccountTaken(error: unknown): boolean {
  return error instanceof Error && 'constraint' in error && error.constraint === 'connections_one_owner_per_account'
}
