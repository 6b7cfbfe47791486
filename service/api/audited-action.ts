import type { RecordAudit } from '../runtime/audit-event.ts'
import type { Database } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import type { Origins } from '../runtime/origin.ts'
import type { BoundAction } from './actions.ts'
import { actorOf } from './actor-of.ts'

export interface AuditedActionServices {
  readonly db: Database
  readonly audit: RecordAudit
  readonly origins: Origins
}

/**
 * The action, with a line in the audit trail for every call, however it ends; what the call changes is told of beside it, in the
 * transaction of the change. A call whose line cannot be written fails.
 */
export function auditAction(action: BoundAction, { db, audit, origins }: AuditedActionServices): BoundAction {
  return {
    ...action,
    call(input, caller) {
      const actor = actorOf(caller)
      const origin = { actor, ...(caller.requestId === undefined ? {} : { requestId: caller.requestId }) }
      const tell = (outcome: 'success' | 'refused' | 'failure', error?: string) =>
        db.transaction((tx) =>
          audit(tx, {
            action: 'action.called',
            actor,
            subjectUserId: actor.kind === 'user' ? caller.userId : null,
            outcome,
            details: { action: action.name, ...(error === undefined ? {} : { error }) },
          }),
        )
      return origins.run(origin, async () => {
        try {
          const answer = await action.call(input, caller)
          await tell('success')
          return answer
        } catch (error) {
          const known = error instanceof AppError ? error : new AppError('internal/unexpected')
          await tell(known.spec.httpStatus < 500 ? 'refused' : 'failure', known.code)
          throw error
        }
      })
    },
  }
}
