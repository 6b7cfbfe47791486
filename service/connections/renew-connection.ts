import type { Db } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { findTokenState } from './lease.ts'
import { findConnectionState } from './queries.ts'
import type { RefreshServices } from './refresh-tokens.ts'
import type { ConnectionKey } from './services.ts'
import { getFreshTokens } from './with-access-token.ts'

export interface RenewedConnection {
  readonly platform: string
  readonly status: string
  /** False: the tokens are less than a minute old, or the platform gave none to renew them with. */
  readonly refreshed: boolean
  /** Null: the platform did not say. */
  readonly expiresAt: Date | null
}

/** Asking again within this time changes nothing: a person cannot use up the platform's patience. */
const YOUNG_MS = 60_000

/**
 * Renews the tokens although they may still be good: one request at a time, like every refresh.
 * Throws connection/not_found, connection/reauth_required, connection/refresh_busy, platform/*.
 */
export async function renewConnection(services: RefreshServices, key: ConnectionKey): Promise<RenewedConnection> {
  if (!services.platforms.has(key.platform)) throw new AppError('platform/unknown')
  const before = await getTokenState(services.db, key)
  if (before.status === 'needs_reauth') throw new AppError('connection/reauth_required', { platform: key.platform })
  const young = before.now.getTime() - before.storedAt.getTime() < YOUNG_MS
  if (!young && before.hasRefreshToken) await getFreshTokens(services, key, before.version)
  const after = await getTokenState(services.db, key)
  const refreshed = after.version !== before.version
  return { platform: key.platform, status: after.status, refreshed, expiresAt: after.expiresAt }
}

async function getTokenState(db: Db, key: ConnectionKey) {
  const state = await findTokenState(db, key)
  if (state === undefined) throw new AppError('connection/not_found', { platform: key.platform })
  return state
}

export interface CheckedConnection {
  readonly platform: string
  readonly status: string
  /** Whether the platform accepted the tokens just now; null when its request limit did not allow to ask. */
  readonly working: boolean | null
  readonly missingScopes: readonly string[]
  /** Why not, as an error code. */
  readonly reason: string | null
}

export interface CheckServices {
  readonly db: Db
  /** A cheap call with the person's own token; 'wait': the request limit is reached. Throws like requestPlatform. */
  readonly probe: (key: ConnectionKey) => Promise<'ok' | 'wait'>
}

/** Asks the platform whether the tokens still work. Throws connection/not_found, platform/unknown, platform/unavailable and the like. */
export async function checkConnection({ db, probe }: CheckServices, key: ConnectionKey): Promise<CheckedConnection> {
  const answer = await probe(key).catch(whatStopsIt)
  const state = await findConnectionState(db, key)
  if (state === undefined) throw new AppError('connection/not_found', { platform: key.platform })
  const { status, statusReason, missingScopes } = state
  const working = answer === 'wait' ? null : answer === 'ok'
  const reason = answer === 'ok' || answer === 'wait' ? statusReason : answer
  return { platform: key.platform, status, working, missingScopes, reason }
}

/** What only the person can mend is an answer; everything else is a failure to find out. */
function whatStopsIt(error: unknown): 'connection/reauth_required' | 'connection/scope_missing' {
  if (error instanceof AppError) {
    if (error.code === 'connection/reauth_required' || error.code === 'connection/scope_missing') return error.code
  }
  throw error
}
