import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type BulkheadPolicy, bulkhead } from 'cockatiel'
import { AppError } from '../runtime/errors.ts'
import type { Secret } from '../runtime/secret.ts'
import type { TokenRow } from '../vault/queries.ts'
import type { StoredTokens } from '../vault/tokens.ts'
import { checkConsent } from './consent.ts'
import { askPermission } from './cooldown.ts'
import { decideRefresh } from './decide-refresh.ts'
import { findTokenState, type LeasedTokenState, releaseLease, takeLease } from './lease.ts'
import { markLimited } from './queries.ts'
import { DEFAULT_TIMING, endConsent, type RefreshServices, refreshTokens } from './refresh-tokens.ts'
import type { ConnectionKey } from './services.ts'

/**
 * Lends an access token for the length of one callback, refreshed first where that is due: one refresh at a time across all processes,
 * and no database connection is held while the platform is asked. When the callback answers 'unauthorized', the tokens are refreshed
 * once, unless somebody has done so meanwhile, and it is called once more.
 * Throws consent/required, connection/not_found, connection/reauth_required, connection/refresh_busy, platform/refused (unauthorized twice),
 * platform/misconfigured, platform/rate_limited, platform/unavailable.
 */
export async function withAccessToken<Result>(
  services: RefreshServices,
  key: ConnectionKey,
  use: (accessToken: Secret) => Promise<Result | 'unauthorized'>,
): Promise<Result> {
  const lend = async ({ tokens, waited }: Fresh) => {
    // Asked last, after any wait for a refresh: what was withdrawn meanwhile is not called for. Without a wait it was read with the tokens.
    if (waited) await checkConsent(services.db, key)
    return use(tokens.accessToken).catch((error: unknown) => noticeMissingScope(services, key, error))
  }
  const fresh = await findFresh(services, key)
  const result = await lend(fresh)
  if (result !== 'unauthorized') return result
  const second = await lend(await findFresh(services, key, fresh.tokens.version))
  if (second === 'unauthorized')
    throw new AppError('platform/refused', { platform: key.platform, why: 'unauthorized_twice' })
  return second
}

/** The platform knows best what was granted: whatever the redirect said, the connection is limited from now on. */
async function noticeMissingScope(
  { db, platforms }: RefreshServices,
  key: ConnectionKey,
  error: unknown,
): Promise<never> {
  if (error instanceof AppError && error.code === 'connection/scope_missing')
    await markLimited(db, key, platforms.get(key.platform)?.oauth?.requiredScopes ?? [])
  throw error
}

/** Throws what `withAccessToken` throws before it lends. `refusedVersion`: of the tokens that must not be used any more. */
export async function getFreshTokens(
  services: RefreshServices,
  key: ConnectionKey,
  refusedVersion?: string,
): Promise<StoredTokens> {
  return (await findFresh(services, key, refusedVersion)).tokens
}

interface Fresh {
  readonly tokens: StoredTokens
  /** Since the consent was seen the platform was asked for them, or somebody else who did was waited for. */
  readonly waited: boolean
}

async function findFresh(services: RefreshServices, key: ConnectionKey, refusedVersion?: string): Promise<Fresh> {
  const { giveUpAfterMs } = services.refreshTiming ?? DEFAULT_TIMING
  const giveUpAt = performance.now() + giveUpAfterMs
  let waited = false
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, 1000)) {
    const state = await findTokenState(services.db, key)
    if (state === undefined) throw notConnected(key)
    if (!state.hasConsent) throw new AppError('consent/required', { platform: key.platform })
    const decision = decideRefresh(state, { now: state.now, refusedVersion, jitter: Math.random() })
    switch (decision.do) {
      case 'use':
        return { tokens: await getTokens(services, key, state.sealed), waited }
      case 'reconnect':
        await endConsent(services, key, state.version)
        throw new AppError('connection/reauth_required', { platform: key.platform })
      case 'refresh':
        // Whoever held the lease gave it back without new tokens: what stopped it would stop everybody who waited for it.
        if (waited && state.lease === 'free') throw new AppError('connection/refresh_busy', { platform: key.platform })
        if ((await tryRefresh(services, key, { state, refusedVersion })) !== 'elsewhere')
          return { tokens: await getTokens(services, key), waited: true }
        break
      case 'wait':
        throw new AppError('connection/refresh_busy', { platform: key.platform, why: 'failed_just_now' })
    }
    if (performance.now() > giveUpAt) {
      services.countRefreshFailure(key.platform, 'timed_out_waiting')
      throw new AppError('connection/refresh_busy', { platform: key.platform })
    }
    waited = true
    await sleep(pauseMs)
  }
}

interface Due {
  readonly state: LeasedTokenState
  readonly refusedVersion: string | undefined
}

/** 'elsewhere': somebody else refreshes, or did. 'not_now': it was early, and the old token serves until it expires. */
async function tryRefresh(
  services: RefreshServices,
  key: ConnectionKey,
  { state, refusedVersion }: Due,
): Promise<'renewed' | 'elsewhere' | 'not_now'> {
  const { now, expiresAt, version, lease } = state
  const stillGood = version !== refusedVersion && expiresAt !== null && expiresAt > now
  if (lease === 'held') return stillGood ? 'not_now' : 'elsewhere'
  try {
    return (await refreshOnce(services, key, version)) ? 'renewed' : 'elsewhere'
  } catch (error) {
    if (stillGood && error instanceof AppError && error.spec.retry) return 'not_now'
    throw error
  }
}

/**
 * So many connections of a platform are refreshed at once by a process. Whether its token endpoint is paused is asked one by one, just before:
 * with hundreds at once all would have been let through before the first failure is known.
 */
const REFRESHES_AT_ONCE = 10
const bulkheads = new Map<string, BulkheadPolicy>()

function bulkheadOf(platform: string): BulkheadPolicy {
  const policy = bulkheads.get(platform) ?? bulkhead(REFRESHES_AT_ONCE, Number.MAX_SAFE_INTEGER)
  bulkheads.set(platform, policy)
  return policy
}

async function refreshOnce(services: RefreshServices, key: ConnectionKey, version: string): Promise<boolean> {
  return bulkheadOf(key.platform).execute(() => refreshUnlessPaused(services, key, version))
}

async function refreshUnlessPaused(services: RefreshServices, key: ConnectionKey, version: string): Promise<boolean> {
  const { leaseMs, requestTimeoutMs } = services.refreshTiming ?? DEFAULT_TIMING
  const holder = randomUUID()
  if (!(await takeLease(services.db, key, { holder, version, leaseMs }))) return false
  const permission = await askPermission(services.db, key.platform, { probeMs: requestTimeoutMs })
  if (permission === 'go') return await refreshTokens(services, key, { holder, version })
  await releaseLease(services.db, key, holder)
  throw new AppError(`platform/${permission}`, { platform: key.platform, why: 'token_endpoint_paused' })
}

async function getTokens({ vault }: RefreshServices, key: ConnectionKey, read?: TokenRow): Promise<StoredTokens> {
  const tokens = await vault.findTokens(key, read)
  if (tokens === undefined) throw notConnected(key)
  return tokens
}

function notConnected({ platform }: ConnectionKey): AppError {
  return new AppError('connection/not_found', { platform })
}
