import type { BoundAction } from './api/actions.ts'
import { bindAction } from './api/bind-action.ts'
import { discardDeadLettersAction, retryDeadLettersAction } from './api/resolve-dead-letters.action.ts'
import type { DeadLetterServices } from './failures/dead-letters.ts'
import { reviveDueLetters } from './failures/revive-dead-letters.task.ts'
import type { Database } from './runtime/db.ts'
import { type BindOptions, type BoundTask, bindTask } from './runtime/jobs.ts'

export function bindFailureActions(services: DeadLetterServices): readonly BoundAction[] {
  return [bindAction(retryDeadLettersAction, services), bindAction(discardDeadLettersAction, services)]
}

export function bindFailureTasks(db: Database, options: BindOptions): readonly BoundTask[] {
  return [bindTask(reviveDueLetters, { db }, { ...options, schedule: '* * * * *' })]
}
