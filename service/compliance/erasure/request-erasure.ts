import type { AuditActor } from '../../runtime/audit-event.ts'
import type { Tx } from '../../runtime/db.ts'
import { AppError } from '../../runtime/errors.ts'
import { enqueue } from '../../runtime/jobs.ts'
import { sql } from '../../runtime/sql.ts'
import { erasePerson } from './erase-person.task.ts'
import { cancelErasureRow, findErasure, insertErasure, isSubject } from './register-queries.ts'
import type { ErasureServices } from './services.ts'

export const CONFIRMATION = 'DELETE MY DATA'

export interface RequestedErasure {
  readonly requestId: string
  readonly status: string
  /** Until then it can be cancelled. */
  readonly erasesAt: Date
}

export type RequestServices = Pick<ErasureServices, 'db' | 'audit' | 'graceHours' | 'noteRequest'>

/** At the person's own wish. Throws erasure/not_confirmed. Asked again, it answers the one that is open. */
export async function deleteMyData(
  services: RequestServices,
  { userId, confirm }: { userId: string; confirm: string },
): Promise<RequestedErasure> {
  if (confirm !== CONFIRMATION) throw new AppError('erasure/not_confirmed')
  return requestErasure(services, { userId, actor: { kind: 'user', id: userId } })
}

/** At their own wish or, with a reason, by an operator on their behalf. */
export async function requestErasure(
  { db, audit, graceHours, noteRequest }: RequestServices,
  { userId, actor, reason }: { userId: string; actor: AuditActor; reason?: string },
): Promise<RequestedErasure> {
  const id = await db.transaction(async (tx) => {
    await ensurePerson(tx, userId)
    const byOperator = actor.kind !== 'user'
    const requestedBy = byOperator ? actor.id : null
    const channel = byOperator ? 'operator' : 'app'
    const erasure = await insertErasure(tx, { userId, channel, requestedBy, graceHours })
    if (!erasure.isNew) return erasure.id
    await noteRequest?.(tx, { userId, actor })
    await queueErasure(tx, erasure.id, { delayHours: graceHours })
    await audit(tx, {
      action: 'erasure.requested',
      actor,
      subjectUserId: userId,
      outcome: 'success',
      ...(reason === undefined ? {} : { reason }),
      details: { erasure_id: erasure.id },
    })
    return erasure.id
  })
  const erasure = await findErasure(db, id)
  if (erasure === undefined) throw new AppError('erasure/not_found')
  return { requestId: id, status: erasure.status, erasesAt: erasure.erasesAt }
}

export async function queueErasure(tx: Tx, erasureId: string, { delayHours = 0 } = {}): Promise<void> {
  const runAt = delayHours === 0 ? null : new Date(Date.now() + delayHours * 3_600_000)
  await enqueue(tx, erasePerson, { payload: { erasureId }, runAt })
}

async function ensurePerson(tx: Tx, userId: string): Promise<void> {
  await tx.query(sql`
    insert into public.app_users (user_id) values (${userId}::uuid) on conflict (user_id) do nothing`)
}

/** Before it has begun. Throws erasure/not_found. */
export async function cancelErasure(
  { db, audit }: Pick<ErasureServices, 'db' | 'audit'>,
  { id, userId, actor }: { id: string; userId: string; actor: AuditActor },
): Promise<{ requestId: string; status: 'cancelled' }> {
  await db.transaction(async (tx) => {
    if (!(await cancelErasureRow(tx, id, userId))) throw new AppError('erasure/not_found')
    await tx.query(sql`select graphile_worker.remove_job(${erasePerson.jobKey({ erasureId: id })})`)
    const event = { action: 'erasure.cancelled', outcome: 'success', details: { erasure_id: id } } as const
    await audit(tx, { ...event, actor, subjectUserId: userId })
  })
  return { requestId: id, status: 'cancelled' }
}

export interface DeletionReport {
  readonly requestId: string
  readonly status: string
  readonly report: string | null
  readonly signature: string | null
  readonly publicKey: string | null
}

/** For whom it is about: they know the id, and their sign-in shows who they are. Throws erasure/not_found. */
export async function readOwnReport(
  { db }: Pick<ErasureServices, 'db'>,
  { id, userId }: { id: string; userId: string },
): Promise<DeletionReport> {
  const erasure = (await isSubject(db, id, userId)) ? await findErasure(db, id) : undefined
  if (erasure === undefined) throw new AppError('erasure/not_found')
  const { status, report, reportSignature: signature, reportKey: publicKey } = erasure
  return { requestId: id, status, report, signature, publicKey }
}
