import type { Database } from './db.ts'
import { AppError, type ErrorCode, errorSpec } from './errors.ts'
import { buryJob, type HeldJob, putBackJob } from './job-queries.ts'

/** What becomes of a job that did not succeed. */
export type JobFate =
  | { readonly kind: 'postponed'; readonly afterSeconds: number }
  | { readonly kind: 'again'; readonly afterSeconds: number; readonly cause: ErrorCode }
  | { readonly kind: 'dead'; readonly cause: ErrorCode }
  /** It is the person's turn, or they wanted it so: no repetition would help, and nothing is broken. */
  | { readonly kind: 'ended'; readonly cause: ErrorCode }

const LONGEST_S = 6 * 60 * 60
const BUSY_S = 15
/** Nothing failed: somebody else is at it, or the platform asked for patience. */
const BUSY: readonly ErrorCode[] = ['platform/rate_limited', 'platform/paused', 'connection/refresh_busy']

/** The person ended the connection or withdrew the consent, or has to renew it. */
const NEEDS_THE_PERSON = /^(connection|consent)\//

/**
 * A job that died of something that may pass goes back to the queue by itself after these many seconds, once for each: a platform
 * that is down for a night needs nobody. After the last it waits for somebody.
 */
export const RETRY_DEAD_AFTER_S = [60, 300, 1_800, 7_200, 43_200] as const

/** 2, 4, 8 … seconds, a quarter more or less, so that what failed together is not repeated together. `random`: 0 to 1. */
export function backoffSeconds(
  attempts: number,
  { firstSeconds = 2, random }: { firstSeconds?: number; random: number },
): number {
  const exact = Math.min(firstSeconds * 2 ** (Math.max(attempts, 1) - 1), LONGEST_S)
  return exact * (0.75 + random / 2)
}

/** Pure. */
export function decideFate(
  error: unknown,
  { job, firstSeconds, random }: { job: HeldJob; firstSeconds?: number | undefined; random: number },
): JobFate {
  const cause = error instanceof AppError ? error.code : 'internal/unexpected'
  if (BUSY.includes(cause)) return { kind: 'postponed', afterSeconds: secondsOf(error) ?? BUSY_S * (1 + random) }
  if (!errorSpec(cause).retry) return { kind: NEEDS_THE_PERSON.test(cause) ? 'ended' : 'dead', cause }
  if (job.attempts >= job.maxAttempts) return { kind: 'dead', cause }
  return {
    kind: 'again',
    cause,
    afterSeconds: backoffSeconds(job.attempts, { ...(firstSeconds && { firstSeconds }), random }),
  }
}

function secondsOf(error: unknown): number | undefined {
  const seconds = error instanceof AppError ? error.facts['retry_after_seconds'] : undefined
  return typeof seconds === 'number' ? seconds : undefined
}

/** Answers whether the job is still to be completed by the queue itself. */
export async function applyFate(db: Database, job: HeldJob, fate: JobFate): Promise<boolean> {
  switch (fate.kind) {
    case 'ended':
      return true
    case 'postponed':
      await putBackJob(db, job, { afterSeconds: fate.afterSeconds, error: null, burnsAttempt: false })
      return false
    case 'again':
      await putBackJob(db, job, { afterSeconds: fate.afterSeconds, error: fate.cause, burnsAttempt: true })
      return false
    case 'dead':
      await buryJob(db, job, {
        cause: fate.cause,
        retryAfterSeconds: errorSpec(fate.cause).retry ? RETRY_DEAD_AFTER_S : [],
      })
      return false
  }
}
