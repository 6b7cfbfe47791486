import type { PlatformApi } from '../platforms/contract.ts'
import type { Db } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { learnBudget, noteFailedRequest, takeRequest, type Urgency } from './budget.ts'

export interface Budgeted {
  readonly platform: string
  readonly urgency: Urgency
  readonly readBudget: PlatformApi['readBudget']
}

/** What a budget needs to see of an answer. */
interface Answered {
  readonly status: number
  readonly headers: Headers
}

/**
 * One request inside the platform's budget and behind its circuit breaker, both shared by all processes: it is sent, or the time is
 * answered at which to come again. What the platform does to it is learnt from. Throws what `send` throws.
 */
export async function sendWithinBudget<Answer extends Answered>(
  db: Db,
  { platform, urgency, readBudget }: Budgeted,
  send: () => Promise<Answer>,
): Promise<{ readonly answer: Answer } | { readonly waitUntil: Date }> {
  const waitUntil = await takeRequest(db, platform, urgency)
  if (waitUntil !== undefined) return { waitUntil }
  const askedAt = new Date()
  const answer = await send().catch(async (error: unknown) => {
    if (error instanceof AppError && error.code === 'platform/unavailable') await noteFailedRequest(db, platform)
    throw error
  })
  if (answer.status >= 500) await noteFailedRequest(db, platform)
  else await learnBudget(db, platform, { windows: readBudget(answer.headers), askedAt })
  return { answer }
}
