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
  /** A refresh has just failed: the next one waits. */
  readonly coolingDown: boolean
}

export type RefreshDecision =
  | { readonly do: 'use' }
  | { readonly do: 'refresh' }
  | { readonly do: 'wait' }
  | { readonly do: 'reconnect' }

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
  if (token.version === refusedVersion) return renewal(token)
  if (token.expiresAt === null) return { do: 'use' }
  const leftMs = token.expiresAt.getTime() - now.getTime()
  if (leftMs <= 0) return renewal(token)
  const lifetimeMs = token.expiresAt.getTime() - token.storedAt.getTime()
  const marginMs = Math.min(EARLY_MS + jitter * JITTER_MS, lifetimeMs / 2)
  // What is early can wait: the token is good until it expires.
  const due = leftMs <= marginMs && renewal(token).do === 'refresh'
  return { do: due ? 'refresh' : 'use' }
}

function renewal({ hasRefreshToken, coolingDown }: TokenState): RefreshDecision {
  if (!hasRefreshToken) return { do: 'reconnect' }
  return { do: coolingDown ? 'wait' : 'refresh' }
}
