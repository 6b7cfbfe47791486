import type { AuditActor, RecordAudit } from '../../runtime/audit-event.ts'
import type { Tx } from '../../runtime/db.ts'
import { AppError } from '../../runtime/errors.ts'
import { type Calendar, lastDayToAnswer } from './deadline.ts'
import {
  extendRequestRow,
  insertRequest,
  lockRequest,
  type RequestChannel,
  type RequestKind,
  type RequestRow,
  readReceipt,
  setRequestStatus,
} from './queries.ts'

export interface RequestServices {
  readonly calendar: Calendar
  readonly audit: RecordAudit
  /** Counts what was asked for and how it ended. */
  readonly countRequest: (kind: RequestKind, outcome: 'received' | 'completed' | 'refused' | 'cancelled') => void
}

export interface AskedFor {
  readonly userId: string
  readonly kind: RequestKind
  readonly channel: RequestChannel
  /** When a letter or a mail came; absent: now. */
  readonly receivedAt?: Date
  readonly actor: AuditActor
}

/**
 * Writes down what a person asks for, with the day by which it has to be answered, in the caller's transaction. Answers the request's id.
 * Throws privacy/received_in_future.
 */
export async function openRequest(services: RequestServices, tx: Tx, asked: AskedFor): Promise<string> {
  const { calendar, audit, countRequest } = services
  const { timeZone } = calendar
  const { isAhead, ...receipt } = await readReceipt(tx, { receivedAt: asked.receivedAt ?? null, timeZone })
  if (isAhead) throw new AppError('privacy/received_in_future')
  const dueDay = lastDayToAnswer(receipt.receivedDay, 1, calendar)
  const { userId, kind, channel, actor } = asked
  const id = await insertRequest(tx, { userId, kind, channel, ...receipt, dueDay, timeZone })
  const details = { requestId: id, kind, channel, dueDay }
  await audit(tx, { action: 'data_request.received', actor, subjectUserId: userId, outcome: 'success', details })
  countRequest(kind, 'received')
  return id
}

export interface Answer {
  readonly id: string
  /** `in_progress` answers nothing yet. */
  readonly status: 'in_progress' | 'completed' | 'refused' | 'cancelled'
  /** What the person was told; for a refusal, and only there. */
  readonly reason?: string
  readonly actor: AuditActor
}

/** Throws privacy/request_not_found, privacy/request_answered, privacy/reason_missing. */
export async function answerRequest(services: RequestServices, tx: Tx, answer: Answer): Promise<void> {
  const { id, status, reason, actor } = answer
  if ((status === 'refused') !== (reason !== undefined)) throw new AppError('privacy/reason_missing')
  const request = await lockRequest(tx, id)
  if (request === undefined) throw new AppError('privacy/request_not_found')
  if (!(await setRequestStatus(tx, { id, status, refusalReason: reason ?? null })))
    throw new AppError('privacy/request_answered')
  const { kind, userId, isOverdue } = request
  const details = { requestId: id, kind, status, late: isOverdue }
  await services.audit(tx, {
    action: 'data_request.answered',
    actor,
    subjectUserId: userId,
    outcome: 'success',
    ...(reason === undefined ? {} : { reason }),
    details,
  })
  if (status !== 'in_progress') services.countRequest(kind, status)
}

/** Closes what the person took back; what was answered meanwhile stays as it is. */
export async function withdrawRequest(
  services: RequestServices,
  tx: Tx,
  { id, actor }: Pick<Answer, 'id' | 'actor'>,
): Promise<void> {
  const request = await lockRequest(tx, id)
  if (request !== undefined && isOpen(request)) await answerRequest(services, tx, { id, status: 'cancelled', actor })
}

/**
 * Takes the two further months, once and within the first (GDPR, Article 12(3)); telling the person why is the operator's act.
 * Throws privacy/request_not_found, privacy/request_answered, privacy/extended_before, privacy/extension_too_late.
 */
export async function extendRequest(
  { calendar, audit }: RequestServices,
  tx: Tx,
  { id, reason, actor }: { id: string; reason: string; actor: AuditActor },
): Promise<{ dueDay: string; dueAt: Date }> {
  const request = await lockRequest(tx, id)
  if (request === undefined) throw new AppError('privacy/request_not_found')
  if (!isOpen(request)) throw new AppError('privacy/request_answered')
  if (request.isExtended) throw new AppError('privacy/extended_before')
  if (request.isOverdue) throw new AppError('privacy/extension_too_late')
  const dueDay = lastDayToAnswer(request.receivedDay, 3, calendar)
  const dueAt = await extendRequestRow(tx, { id, dueDay, timeZone: calendar.timeZone, reason })
  const what = { action: 'data_request.extended', outcome: 'success', details: { requestId: id, dueDay } } as const
  await audit(tx, { ...what, actor, subjectUserId: request.userId, reason })
  return { dueDay, dueAt }
}

function isOpen({ status }: Pick<RequestRow, 'status'>): boolean {
  return status === 'received' || status === 'in_progress'
}
