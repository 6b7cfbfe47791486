import type { ConnectionStatus } from './queries.ts'

/** What is known of a connection's tokens without opening them. */
export interface TokenState {
  readonly status: ConnectionStatus
  /** Changes with every pair. */
  readonly version: string
  readonly hasRefreshToken: boolean
  readonly storedAt: Date
  /** Null: the platform did not say. */
  readonly expiresAt: Date | null
}

export type RefreshDecision = { readonly do: 'use' } | { readonly do: 'refresh' } | { readonly do: 'reconnect' }

export interface DecisionContext {
  readonly now: Date
  /** The version the platform has just refused; undefined at first. */
  readonly refusedVersion: string | undefined
  /** From 0 to 1: spreads refreshes of tokens that were issued together. */
  readonly jitter: number
}

const EARLY_MS = 10 * 60_000
const JITTER_MS = 2 * 60_000

/** Refreshes ten to twelve minutes early, but never before half of the token's life is over. */
export function decideRefresh(token: TokenState, { now, refusedVersion, jitter }: DecisionContext): RefreshDecision {
  if (token.status === 'needs_reauth') return { do: 'reconnect' }
  const renew: RefreshDecision = { do: token.hasRefreshToken ? 'refresh' : 'reconnect' }
  if (token.version === refusedVersion) return renew
  if (token.expiresAt === null) return { do: 'use' }
  const leftMs = token.expiresAt.getTime() - now.getTime()
  const lifetimeMs = token.expiresAt.getTime() - token.storedAt.getTime()
  const marginMs = Math.min(EARLY_MS + jitter * JITTER_MS, lifetimeMs / 2)
  if (leftMs > marginMs) return { do: 'use' }
  return token.hasRefreshToken || leftMs <= 0 ? renew : { do: 'use' }
}
