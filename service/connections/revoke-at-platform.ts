import type { PlatformOAuth } from '../platforms/contract.ts'
import { AppError } from '../runtime/errors.ts'
import { sendRequest } from '../runtime/http-client.ts'
import { unfenced } from '../runtime/job-fence.ts'
import type { Secret } from '../runtime/secret.ts'
import type { RevocablePair } from '../vault/revocations.ts'
import { byPlatform, SYSTEM } from './audit.ts'
import { sendCounted } from './counted-request.ts'
import {
  countAttempt,
  findPendingRevocation,
  type PendingRevocation,
  replaceRevocable,
  settleRevocation,
} from './pending-revocations.ts'
import { checkHost } from './platform-oauth.ts'
import type { ConnectionServices } from './services.ts'
import { refreshGrant } from './token-endpoint.ts'

const LIMITS = { timeoutMs: 10_000, maxBytes: 64 * 1024 }

export type RevocationServices = Pick<ConnectionServices, 'db' | 'vault' | 'platforms' | 'audit'>

/** `settled`: confirmed or given up earlier, or no longer wanted because the account is connected again. */
export type RevocationOutcome = 'confirmed' | 'given_up' | 'pending' | 'settled'

/** Asks the platform once. Safe to call again; throws only what the database throws. */
export async function attemptRevocation(
  services: RevocationServices,
  id: string,
): Promise<{ outcome: RevocationOutcome; attempts: number }> {
  const { db } = services
  const pending = await findPendingRevocation(db, id)
  if (pending === undefined) return { outcome: 'settled', attempts: 0 }
  const attempts = pending.attempts + 1
  const confirmed = await revoke(services, id, pending)
  if (!confirmed && !pending.isOver) {
    await countAttempt(db, id)
    return { outcome: 'pending', attempts }
  }
  const outcome = confirmed ? 'confirmed' : 'given_up'
  await settle(services, { id, pending, outcome })
  return { outcome, attempts }
}

async function settle(
  { db, audit }: RevocationServices,
  { id, pending, outcome }: { id: string; pending: PendingRevocation; outcome: 'confirmed' | 'given_up' },
): Promise<void> {
  const { connectionId, platform } = pending
  await db.transaction(async (tx) => {
    const userId = await settleRevocation(tx, { id, connectionId }, outcome)
    await audit(tx, {
      action: `connection.revocation_${outcome}`,
      actor: outcome === 'confirmed' ? byPlatform(platform) : SYSTEM,
      subjectUserId: userId ?? null,
      outcome: outcome === 'confirmed' ? 'success' : 'failure',
      platform,
      details: { connection_id: connectionId },
    })
  })
}

async function revoke(services: RevocationServices, id: string, pending: PendingRevocation): Promise<boolean> {
  const { platform, tokensSealed } = pending
  const oauth = services.platforms.get(platform)?.oauth
  if (oauth === undefined) return false // switched off here; it may come back before the limit
  try {
    const pair = await services.vault.openForRevocation({ platform, revocationId: id }, tokensSealed)
    const { accessToken, refreshToken } = pair
    // The refresh token where it does, for the access token may have expired (RFC 7009, 2.1).
    if (oauth.revokedBy === 'refresh_token') return (await ask(oauth, refreshToken ?? accessToken)) === 'confirmed'
    const answer = await ask(oauth, accessToken)
    return answer === 'unauthorized' ? await revokeWithNewToken(services, { id, oauth, pair }) : answer === 'confirmed'
  } catch (error) {
    if (error instanceof AppError) return false
    throw error
  }
}

async function revokeWithNewToken(
  { db, vault }: RevocationServices,
  { id, oauth, pair: { refreshToken } }: { id: string; oauth: PlatformOAuth; pair: RevocablePair },
): Promise<boolean> {
  if (refreshToken === null) return false
  const grant = await refreshGrant(oauth, { refreshToken, timeoutMs: LIMITS.timeoutMs })
  if (grant === 'invalid_grant') return true // neither token is good for anything
  if (typeof grant === 'string') return false
  const renewed = { accessToken: grant.accessToken, refreshToken: grant.refreshToken ?? refreshToken }
  const { platform } = (await findPendingRevocation(db, id)) ?? {}
  if (platform === undefined) return false
  await replaceRevocable(unfenced(db), id, await vault.sealForRevocation({ platform, revocationId: id }, renewed))
  return (await ask(oauth, renewed.accessToken)) === 'confirmed'
}

async function ask(oauth: PlatformOAuth, token: Secret): Promise<'confirmed' | 'unauthorized' | 'failed'> {
  const request = oauth.revocation(token)
  checkHost(oauth, request.url)
  const { status } = await sendCounted(oauth, 'revocation', () => sendRequest(request, LIMITS))
  if (status >= 200 && status < 300) return 'confirmed'
  return status === 401 ? 'unauthorized' : 'failed'
}
