import type { AuditActor, AuditEvent, RecordAudit } from '../runtime/audit-event.ts'
import type { Tx } from '../runtime/db.ts'
import type { ConnectionKey } from './services.ts'

export const SYSTEM: AuditActor = { kind: 'system', id: null }
export const byUser = (userId: string): AuditActor => ({ kind: 'user', id: userId })
export const byPlatform = (platform: string): AuditActor => ({ kind: 'platform', id: platform })

type What = Pick<AuditEvent, 'action' | 'actor'> & Partial<Pick<AuditEvent, 'outcome' | 'details'>>

/** One line about one person's connection. */
export async function auditConnection(
  { audit, tx }: { audit: RecordAudit; tx: Tx },
  { userId, platform }: ConnectionKey,
  { outcome = 'success', ...what }: What,
): Promise<void> {
  await audit(tx, { ...what, outcome, subjectUserId: userId, platform })
}
