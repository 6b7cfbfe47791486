import type { Tx } from './db.ts'
import type { Facts } from './errors.ts'

/** Who acts. `system` is one of our own processes, which has no id. */
export interface AuditActor {
  readonly kind: 'user' | 'operator' | 'auditor' | 'api_key' | 'platform' | 'system'
  readonly id: string | null
}

/** One line of the audit trail: who did what to whose data, from where, why, and how it ended. */
export interface AuditEvent {
  /** `<thing>.<what happened>`, for example `connection.completed` or `oauth.user_mismatch`. */
  readonly action: string
  readonly actor: AuditActor
  /** Whose data or connection it is about; null when nobody's. */
  readonly subjectUserId: string | null
  readonly outcome: 'success' | 'refused' | 'failure'
  readonly platform?: string
  /** In the actor's own words, where the act demands a reason. */
  readonly reason?: string
  readonly requestId?: string
  readonly sourceAddress?: string
  /** Ids and counts; never a token, a key or a health datum. */
  readonly details?: Facts
}

/** Writes the event in the transaction of the change it tells of: both are kept or neither. */
export type RecordAudit = (tx: Tx, event: AuditEvent) => Promise<void>
