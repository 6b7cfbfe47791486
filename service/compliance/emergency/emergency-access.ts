import type { AuditActor, RecordAudit } from '../../runtime/audit-event.ts'
import type { Database } from '../../runtime/db.ts'
import { AppError } from '../../runtime/errors.ts'
import { approveAccess, DATASETS, findActiveAccess, insertAccess, readRows } from './queries.ts'

export interface EmergencyServices {
  readonly db: Database
  readonly audit: RecordAudit
  /** Tells whoever watches, at once: a request, an approval and every read are an alert. */
  readonly alert: (event: { readonly step: 'requested' | 'approved' | 'read'; readonly accessId: string }) => void
}

/** A person with a role, who acts in their own name. */
export type Insider = AuditActor & { readonly kind: 'operator' | 'auditor'; readonly id: string }

/** Asks; nothing can be read yet. Throws emergency/person_unknown. */
export async function requestEmergencyAccess(
  { db, audit, alert }: EmergencyServices,
  insider: Insider,
  { userId, reason, minutes }: { userId: string; reason: string; minutes: number },
): Promise<{ id: string }> {
  const id = await db.transaction(async (tx) => {
    const accessId = await insertAccess(tx, { userId, reason, minutes, requestedBy: insider.id })
    if (accessId === undefined) throw new AppError('emergency/person_unknown')
    const what = { action: 'emergency.requested', outcome: 'success', details: { accessId, minutes } } as const
    await audit(tx, { ...what, actor: insider, subjectUserId: userId, reason })
    return accessId
  })
  alert({ step: 'requested', accessId: id })
  return { id }
}

/** By another person than who asked, within an hour. Throws emergency/not_approvable, which is audited. */
export async function approveEmergencyAccess(
  { db, audit, alert }: EmergencyServices,
  insider: Insider,
  id: string,
): Promise<{ expiresAt: Date }> {
  const approved = await db.transaction(async (tx) => {
    const access = await approveAccess(tx, { id, by: insider.id })
    await audit(tx, {
      action: 'emergency.approved',
      outcome: access === undefined ? 'refused' : 'success',
      actor: insider,
      subjectUserId: access?.userId ?? null,
      ...(access === undefined ? {} : { reason: access.reason }),
      details: { accessId: id },
    })
    return access
  })
  if (approved === undefined) throw new AppError('emergency/not_approvable')
  alert({ step: 'approved', accessId: id })
  return { expiresAt: approved.expiresAt }
}

export interface EmergencyRead {
  readonly id: string
  /** One of DATASETS. */
  readonly dataset: string
  readonly limit: number
  readonly offset: number
}

/**
 * Rows of the person, for who asked, while the access lasts. The line in the audit trail is written with the read: no line, no rows; the
 * person sees it in their access log. Throws emergency/no_access (also audited), emergency/dataset_unknown.
 */
export async function readAsEmergency(
  { db, audit, alert }: EmergencyServices,
  insider: Insider,
  { id, dataset, limit, offset }: EmergencyRead,
): Promise<{ rows: readonly unknown[] }> {
  const query = Object.hasOwn(DATASETS, dataset) ? DATASETS[dataset] : undefined
  if (query === undefined)
    throw new AppError('emergency/dataset_unknown', { problem: Object.keys(DATASETS).join(', ') })
  const rows = await db.transaction(async (tx) => {
    const access = await findActiveAccess(tx, { id, reader: insider.id })
    const found =
      access === undefined
        ? []
        : await readRows(tx, query({ userId: access.userId, role: insider.kind, limit, offset }))
    await audit(tx, {
      action: 'emergency.read',
      outcome: access === undefined ? 'refused' : 'success',
      actor: insider,
      subjectUserId: access?.userId ?? null,
      ...(access === undefined ? {} : { reason: access.reason }),
      details: { accessId: id, dataset, rows: found.length, offset },
    })
    return access === undefined ? undefined : found
  })
  if (rows === undefined) throw new AppError('emergency/no_access')
  alert({ step: 'read', accessId: id })
  return { rows }
}
