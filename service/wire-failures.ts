import type { BoundAction } from './api/actions.ts'
import { bindAction } from './api/bind-action.ts'
import { discardDeadLettersAction, retryDeadLettersAction } from './api/resolve-dead-letters.action.ts'
import type { DeadLetterServices } from './failures/dead-letters.ts'
import { reviveDueLetters } from './failures/revive-dead-letters.task.ts'
import { sendWithinBudget } from './ingestion/within-budget.ts'
import type { ConfiguredPlatform, Platforms } from './platforms/contract.ts'
import type { Database } from './runtime/db.ts'
import { AppError } from './runtime/errors.ts'
import { takeJob } from './runtime/job-queries.ts'
import { type BindOptions, type BoundTask, bindTask, type QueueName } from './runtime/jobs.ts'

export function bindFailureActions(services: DeadLetterServices): readonly BoundAction[] {
  return [bindAction(retryDeadLettersAction, services), bindAction(discardDeadLettersAction, services)]
}

export function bindFailureTasks(db: Database, options: BindOptions): readonly BoundTask[] {
  return [bindTask(reviveDueLetters, { db }, { ...options, schedule: '* * * * *' })]
}

/** Undefined where no queue has a rate: then nothing is asked before a job. */
export function admitByRate(
  db: Database,
  perMinute: Readonly<Partial<Record<QueueName, number | undefined>>>,
): BindOptions['admit'] {
  if (Object.values(perMinute).every((rate) => rate === undefined)) return undefined
  return async (queue) => {
    const rate = perMinute[queue]
    return rate === undefined ? undefined : takeJob(db, queue, rate)
  }
}

/** What the OAuth flow asks of a platform's API is counted with everything else: somebody waits for it. */
export function withBudgets(db: Database, platforms: Platforms): Platforms {
  return new Map([...platforms].map(([id, platform]) => [id, withBudget(db, platform)]))
}

function withBudget(db: Database, platform: ConfiguredPlatform): ConfiguredPlatform {
  const { id, oauth, api } = platform
  if (oauth?.counted === undefined || api === undefined) return platform
  const budgeted = {
    platform: id,
    urgency: 'interactive',
    readBudget: (headers: Headers) => api.readBudget(headers),
  } as const
  return {
    ...platform,
    oauth: {
      ...oauth,
      async withinBudget(send) {
        const sent = await sendWithinBudget(db, budgeted, send)
        if ('answer' in sent) return sent.answer
        const seconds = Math.max(Math.ceil((sent.waitUntil.getTime() - Date.now()) / 1000), 1)
        throw new AppError('platform/rate_limited', { platform: id, retry_after_seconds: seconds })
      },
    },
  }
}
