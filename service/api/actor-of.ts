import type { AuditActor } from '../runtime/audit-event.ts'
import type { ActionCaller } from './define-action.ts'

/** Throws nothing: a role nobody knows acts as a user, who may do least. */
export function actorOf({ userId, role }: Pick<ActionCaller, 'userId' | 'role'>): AuditActor {
  return { kind: role === 'operator' || role === 'auditor' ? role : 'user', id: userId }
}
