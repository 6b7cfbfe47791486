import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PlatformOAuth } from '../platforms/contract.ts'
import { AppError } from '../runtime/errors.ts'
import { unfenced } from '../runtime/job-fence.ts'
import type { Secret } from '../runtime/secret.ts'
import { auditConnection, byPlatform, SYSTEM } from './audit.ts'
import { coolDown, type EndpointFailure, endCooldown, noteEndpointFailure, noteEndpointIsWell } from './cooldown.ts'
import { extendLease, findTokenState, releaseLease } from './lease.ts'
import { getPlatformOAuth } from './platform-oauth.ts'
import { clearNeedsReauth, findConnectionId, lockConnection, markNeedsReauth } from './queries.ts'
import { attemptRevocation } from './revoke-at-platform.ts'
import { queueRevocation } from './revoke-tokens.task.ts'
import type { ConnectionKey, ConnectionServices, RefreshTiming } from './services.ts'
import { type Grant, refreshGrant } from './token-endpoint.ts'

/** A holder that dies is succeeded after half a minute; one whose platform is slow goes on extending its lease. */
export const DEFAULT_TIMING: RefreshTiming = {
  leaseMs: 30_000,
  extendEveryMs: 10_000,
  requestTimeoutMs: 60_000,
  giveUpAfterMs: 90_000,
  cooldownMs: 30_000,
  pauseMs: 30_000,
}

export type RefreshServices = Pick<
  ConnectionServices,
  'db' | 'vault' | 'platforms' | 'countRefresh' | 'countRefreshFailure' | 'refreshTiming' | 'audit'
>

export interface HeldLease {
  readonly holder: string
  /** Of the tokens the lease was taken for. */
  readonly version: string
}

/**
 * Asks the platform for new tokens and stores them, under a lease. Answers false when other tokens were stored meanwhile: then those
 * are the ones to use. Throws connection/reauth_required, platform/misconfigured, platform/rate_limited, platform/unavailable.
 */
export async function refreshTokens(services: RefreshServices, key: ConnectionKey, lease: HeldLease): Promise<boolean> {
  try {
    const oauth = getPlatformOAuth(services.platforms, key.platform)
    const tokens = await services.vault.findTokens(key)
    if (tokens?.version !== lease.version || tokens.refreshToken === null) return false
    const { refreshToken } = tokens
    return await whileExtending(services, { key, lease }, () =>
      refreshAndStore(services, key, { oauth, lease, refreshToken }),
    )
  } finally {
    // It lapses anyway; a failure here must not hide what happened above.
    await releaseLease(unfenced(services.db), key, lease.holder).catch(() => {})
  }
}

interface Refresh {
  readonly oauth: PlatformOAuth
  readonly lease: HeldLease
  readonly refreshToken: Secret
}

async function refreshAndStore(
  services: RefreshServices,
  key: ConnectionKey,
  { oauth, lease, refreshToken }: Refresh,
): Promise<boolean> {
  const { requestTimeoutMs: timeoutMs } = services.refreshTiming ?? DEFAULT_TIMING
  const { version } = lease
  const outcome = await refreshGrant(oauth, { refreshToken, timeoutMs }).catch(async (error: unknown) => {
    const misconfigured = error instanceof AppError && error.code === 'platform/misconfigured'
    await noteFailure(services, key, { version, reason: misconfigured ? 'misconfigured' : 'unavailable' })
    throw error
  })
  if (typeof outcome === 'string' && outcome !== 'invalid_grant') {
    await noteFailure(services, key, { version, reason: outcome })
    throw new AppError(`platform/${outcome}`, { platform: key.platform })
  }
  await noteEndpointIsWell(services.db, key.platform).catch(() => {}) // the new pair is worth more than this
  if (outcome !== 'invalid_grant') return await storeGrant(services, key, { grant: outcome, version })
  services.countRefreshFailure(key.platform, outcome)
  if (!(await endConsent(services, key, version))) return false
  throw new AppError('connection/reauth_required', { platform: key.platform })
}

async function noteFailure(
  { db, countRefreshFailure, refreshTiming = DEFAULT_TIMING }: RefreshServices,
  key: ConnectionKey,
  { version, reason }: { version: string; reason: EndpointFailure },
): Promise<void> {
  countRefreshFailure(key.platform, reason)
  await noteEndpointFailure(db, key.platform, { reason, pauseMs: refreshTiming.pauseMs })
  await coolDown(db, key, { version, cooldownMs: refreshTiming.cooldownMs })
}

/** Saved before anybody uses it: the platform may have ended the old refresh token already. Also by a job that was taken over meanwhile. */
async function storeGrant(
  services: RefreshServices,
  key: ConnectionKey,
  { grant, version }: { grant: Grant; version: string },
): Promise<boolean> {
  const { vault, audit } = services
  const db = unfenced(services.db)
  const stored = await persist(() =>
    db.transaction(async (tx) => {
      await lockConnection(tx, key)
      const replaced = await vault.replaceTokens(tx, key, { pair: grant, expectedVersion: version })
      // A pair that arrives after all, from a process that was given up for dead, mends what its successor reported.
      if (!replaced) return false
      await clearNeedsReauth(tx, key)
      await endCooldown(tx, key)
      await auditConnection({ audit, tx }, key, { action: 'connection.tokens_renewed', actor: SYSTEM })
      return true
    }),
  )
  if (stored) services.countRefresh(key.platform)
  // Disconnected while the platform was asked: what it granted since must not outlive that.
  if (!stored && (await findTokenState(db, key)) === undefined) await revokeLateGrant(services, key, grant)
  return stored
}

async function revokeLateGrant(services: RefreshServices, key: ConnectionKey, pair: Grant): Promise<void> {
  const connectionId = (await findConnectionId(services.db, key)) ?? randomUUID() // erased by now
  const revocation = { connectionId, platform: key.platform, pair }
  const id = await unfenced(services.db).transaction((tx) => queueRevocation(services, tx, revocation))
  await attemptRevocation(services, id)
}

/** Marks the connection as needing the person, unless newer tokens came meanwhile: then false. */
export async function endConsent(
  { db, audit }: Pick<RefreshServices, 'db' | 'audit'>,
  key: ConnectionKey,
  version: string,
): Promise<boolean> {
  return await db.transaction(async (tx) => {
    await lockConnection(tx, key)
    const marked = await markNeedsReauth(tx, key, version)
    if (marked === 'newly')
      await auditConnection({ audit, tx }, key, {
        action: 'connection.reauth_required',
        actor: byPlatform(key.platform),
      })
    return marked !== 'other_version'
  })
}

async function whileExtending<Result>(
  { db, refreshTiming = DEFAULT_TIMING }: RefreshServices,
  { key, lease }: { key: ConnectionKey; lease: HeldLease },
  work: () => Promise<Result>,
): Promise<Result> {
  const { leaseMs, extendEveryMs } = refreshTiming
  // A failed extension is made up for by the next; should all fail, the version still lets only one pair in.
  const timer = setInterval(
    () => void extendLease(unfenced(db), key, { holder: lease.holder, leaseMs }).catch(() => {}),
    extendEveryMs,
  )
  try {
    return await work()
  } finally {
    clearInterval(timer)
  }
}

/** The new pair exists nowhere else, so a database or a key service that is restarting gets a few seconds. */
async function persist<Result>(save: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await save()
    } catch (error) {
      if ((error instanceof AppError && !error.spec.retry) || attempt === 5) throw error
      await sleep(attempt * 500)
    }
  }
}
