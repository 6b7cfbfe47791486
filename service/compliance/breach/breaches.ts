import type { AuditActor } from '../../runtime/audit-event.ts'
import type { Tx } from '../../runtime/db.ts'
import { AppError } from '../../runtime/errors.ts'
import { enqueue } from '../../runtime/jobs.ts'
import { type BreachScope, noteAffected, TABLES } from './affected.ts'
import { notifyPerson } from './notify-person.task.ts'
import {
  type BreachChange,
  findClock,
  insertBreach,
  meetClock,
  type NewBreach,
  queueSome,
  setClocks,
  setNotice,
  setPeople,
  updateBreachRow,
} from './queries.ts'
import type { BreachServices } from './services.ts'

export interface ReportedBreach {
  readonly breachId: string
  readonly people: number
}

/**
 * Enters a breach in the register, finds whom it affects and starts the clocks, in one transaction.
 * Throws breach/aware_in_future, breach/table_unknown, breach/contradiction.
 */
export async function reportBreach(
  { db, audit, timeZone }: BreachServices,
  breach: Omit<NewBreach, 'reportedBy'>,
  actor: AuditActor,
): Promise<ReportedBreach> {
  checkTables(breach.scope)
  // Encrypted data whose key was exposed can be read: no exemption (GDPR Art. 34(3)(a)).
  if (breach.unreadable && breach.keysExposed) throw new AppError('breach/contradiction')
  return db.transaction(async (tx) => {
    const breachId = await insertBreach(tx, { ...breach, reportedBy: actor.id })
    if (breachId === undefined) throw new AppError('breach/aware_in_future')
    const people = await noteAffected(tx, breachId, breach.scope)
    await setPeople(tx, breachId, people)
    await setClocks(tx, breachId, timeZone)
    const details = { breach_id: breachId, people, risk: breach.risk }
    await audit(tx, { action: 'breach.reported', actor, subjectUserId: null, outcome: 'success', details })
    return { breachId, people }
  })
}

function checkTables({ tables }: BreachScope): void {
  const unknown = tables.filter((table) => !Object.hasOwn(TABLES, table))
  if (unknown.length > 0) throw new AppError('breach/table_unknown', { problem: Object.keys(TABLES).join(', ') })
}

/** What is learnt later; the clocks follow. Throws breach/not_found (also when it is closed). */
export async function updateBreach(
  { db, audit, timeZone }: BreachServices,
  { breachId, ...change }: BreachChange & { breachId: string },
  actor: AuditActor,
): Promise<{ breachId: string }> {
  return db.transaction(async (tx) => {
    if (!(await updateBreachRow(tx, breachId, change))) throw new AppError('breach/not_found')
    await setClocks(tx, breachId, timeZone)
    const details = { breach_id: breachId, closed: change.close }
    await audit(tx, { action: 'breach.updated', actor, subjectUserId: null, outcome: 'success', details })
    return { breachId }
  })
}

const QUEUED_AT_ONCE = 5_000

/**
 * Tells everybody affected who has not been told, by a job for each. Again, it tells those who were missed, in the same words.
 * Throws breach/not_found (also when it is closed, or other words were sent before), breach/no_channel.
 */
export async function notifyBreach(
  { db, audit, channel }: BreachServices,
  { breachId, subject, text }: { breachId: string; subject: string; text: string },
  actor: AuditActor,
): Promise<{ breachId: string; queued: number }> {
  if (channel === undefined) throw new AppError('breach/no_channel')
  return db.transaction(async (tx) => {
    if (!(await setNotice(tx, breachId, { subject, text }))) throw new AppError('breach/not_found')
    const queued = await queueAll(tx, breachId)
    const details = { breach_id: breachId, queued }
    await audit(tx, { action: 'breach.notifying', actor, subjectUserId: null, outcome: 'success', details })
    return { breachId, queued }
  })
}

async function queueAll(tx: Tx, breachId: string): Promise<number> {
  let queued = 0
  for (;;) {
    const userIds = await queueSome(tx, breachId, QUEUED_AT_ONCE)
    for (const userId of userIds) await enqueue(tx, notifyPerson, { payload: { userId, breachId } })
    queued += userIds.length
    if (userIds.length < QUEUED_AT_ONCE) return queued
  }
}

/**
 * Notes that an authority, the media or a platform has been told, with what shows it. Throws breach/not_found, breach/told_already,
 * breach/late_reason_missing.
 */
export async function recordBreachNotice(
  { db, audit }: BreachServices,
  {
    breachId,
    rule,
    reference,
    lateReason,
  }: { breachId: string; rule: string; reference: string; lateReason: string | null },
  actor: AuditActor,
): Promise<{ breachId: string; late: boolean }> {
  return db.transaction(async (tx) => {
    const clock = await findClock(tx, breachId, rule)
    if (clock === undefined) throw new AppError('breach/not_found')
    if (clock.metAt !== null) throw new AppError('breach/told_already')
    if (clock.isLate && lateReason === null) throw new AppError('breach/late_reason_missing')
    await meetClock(tx, { breachId, rule, reference, lateReason: clock.isLate ? lateReason : null })
    const details = { breach_id: breachId, rule, late: clock.isLate }
    await audit(tx, { action: 'breach.notice_given', actor, subjectUserId: null, outcome: 'success', details })
    return { breachId, late: clock.isLate }
  })
}
