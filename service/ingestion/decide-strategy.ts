import type { ConfiguredPlatform } from '../platforms/contract.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Deliveries within half a day are one: a watch that syncs after a week sends all of it at once, and who rides on Sundays writes titles till the evening. */
const BURST_MS = 12 * HOUR_MS
const REMEMBERED = 24
/** With fewer gaps than this nothing is known of a person's rhythm. */
const ENOUGH_GAPS = 4
const UNKNOWN_RHYTHM_MS = 3 * DAY_MS
const SHORTEST_MS = DAY_MS
const LONGEST_MS = 30 * DAY_MS

export type Strategy = 'push' | 'pull' | 'hybrid'

export type StrategyReason =
  | 'webhooks_arrive'
  | 'heard_again'
  | 'waiting_for_the_first'
  | 'silent'
  | 'never_heard'
  | 'no_webhooks'
  | 'silent_and_not_pollable'

/** What a platform can do decides: webhooks first, and a list is polled where there is one. */
export function strategyOf({ webhook, api }: Pick<ConfiguredPlatform, 'webhook' | 'api'>): Strategy {
  if (api?.history === undefined) return 'push'
  return webhook === undefined ? 'pull' : 'hybrid'
}

/** Instants in order of time. */
export interface Rhythm {
  /** When webhooks came, a burst as one. */
  readonly heard: readonly Date[]
  /** When the person was active before, by what is known of the past: stands in while too little was heard. */
  readonly active: readonly Date[]
}

export interface ConnectionFacts extends Rhythm {
  readonly strategy: Strategy
  readonly polling: boolean
  readonly connectedAt: Date
  /** The last webhook of all, also one within a burst; of whatever consent. */
  readonly lastHeardAt: Date | null
  readonly now: Date
}

export interface StrategyDecision {
  readonly polling: boolean
  readonly reason: StrategyReason
  /** How long nothing was heard, and within what something was expected. */
  readonly quietMs: number
  readonly expectedWithinMs: number
  /** When to ask again if nothing is heard; null while it polls: then only a webhook changes anything. */
  readonly askAgainAt: Date | null
}

/** Adds a delivery to what was heard. */
export function remember(heard: readonly Date[], at: Date): readonly Date[] {
  const last = heard.at(-1)
  if (last !== undefined && at.getTime() - last.getTime() < BURST_MS) return heard
  return [...heard, at].slice(-REMEMBERED)
}

/**
 * Within how long the next sign of life is expected: twice the person's own long gaps (the ninth of ten), so that one holiday does not
 * count and somebody who trains weekly is not silent after two days. Never less than a day, never more than thirty.
 */
export function expectWithinMs({ heard, active }: Rhythm): number {
  const own = gapsOf(heard)
  const gaps = own.length >= ENOUGH_GAPS ? own : [...own, ...gapsOf(active)]
  if (gaps.length < ENOUGH_GAPS) return UNKNOWN_RHYTHM_MS
  const sorted = gaps.toSorted((one, other) => one - other)
  const long = sorted[Math.ceil(sorted.length * 0.9) - 1] ?? 0
  return Math.min(LONGEST_MS, Math.max(SHORTEST_MS, 2 * long))
}

function gapsOf(instants: readonly Date[]): number[] {
  const bursts = instants.reduce<readonly Date[]>(remember, [])
  return bursts.slice(1).map((at, index) => at.getTime() - (bursts[index]?.getTime() ?? 0))
}

/** Whether a connection is polled from now on. Pure; asked when something is heard and when silence becomes strange. */
export function decideStrategy(facts: ConnectionFacts): StrategyDecision {
  const { strategy, polling, connectedAt, now } = facts
  const since = heardSince(facts)
  const quietMs = now.getTime() - (since ?? connectedAt).getTime()
  const expectedWithinMs = expectWithinMs(facts)
  const askAgainAt = new Date((since ?? connectedAt).getTime() + expectedWithinMs)
  const because = (reason: StrategyReason, polls: boolean, next: Date | null): StrategyDecision => ({
    polling: polls,
    reason,
    quietMs,
    expectedWithinMs,
    askAgainAt: next,
  })
  if (strategy === 'pull') return because('no_webhooks', true, null)
  if (quietMs >= expectedWithinMs) {
    const next = new Date(now.getTime() + expectedWithinMs)
    if (strategy === 'push') return because('silent_and_not_pollable', false, next)
    return because(since === undefined ? 'never_heard' : 'silent', true, null)
  }
  if (since === undefined) return because('waiting_for_the_first', false, askAgainAt)
  return because(polling ? 'heard_again' : 'webhooks_arrive', false, askAgainAt)
}

/** What was heard of an earlier consent says nothing of this one. */
function heardSince({ lastHeardAt, connectedAt }: ConnectionFacts): Date | undefined {
  return lastHeardAt !== null && lastHeardAt >= connectedAt ? lastHeardAt : undefined
}
