import type { AuditActor } from '../../runtime/audit-event.ts'
import type { Tx } from '../../runtime/db.ts'
import { AppError } from '../../runtime/errors.ts'
import { enqueue } from '../../runtime/jobs.ts'
import { sql } from '../../runtime/sql.ts'
import { openRequest, withdrawRequest } from '../requests/requests.ts'
import { erasePerson } from './erase-person.task.ts'
import { cancelErasureRow, findErasure, insertErasure, isSubject, linkRequest } from './register-queries.ts'
import type { ErasureServices } from './services.ts'

export const CONFIRMATION = 'DELETE MY DATA'

export interface RequestedErasure {
  readonly requestId: string
  readonly status: string
  /** Until then it can be cancelled. */
  readonly erasesAt: Date
}

export type RequestServices = Pick<ErasureServices, 'db' | 'audit' | 'graceHours' | 'requests'>
export type CancelServices = Pick<ErasureServices, 'db' | 'audit' | 'requests'>

/** At the person's own wish. Throws erasure/not_confirmed. Asked again, it answers the one that is open. */
export async function deleteMyData(
  services: RequestServices,
  { userId, confirm }: { userId: string; confirm: string },
): Promise<RequestedErasure> {
  if (confirm !== CONFIRMATION) throw new AppError('erasure/not_confirmed')
  return requestErasure(services, { userId, actor: { kind: 'user', id: userId } })
}

/** At their own wish or, with a reason, by an operator on their behalf. */
export async function requestErasure(services: RequestServices, asked: Asked): Promise<RequestedErasure> {
  const id = await services.db.transaction((tx) => openErasure(services, tx, asked))
  const erasure = await findErasure(services.db, id)
  if (erasure === undefined) throw new AppError('erasure/not_found')
  return { requestId: id, status: erasure.status, erasesAt: erasure.erasesAt }
}

interface Asked {
  readonly userId: string
  readonly actor: AuditActor
  readonly reason?: string
}

async function openErasure({ audit, graceHours, requests }: RequestServices, tx: Tx, asked: Asked): Promise<string> {
  const { userId, actor, reason } = asked
  await ensurePerson(tx, userId)
  const byPerson = actor.kind === 'user'
  const who = { channel: byPerson ? 'app' : 'operator', requestedBy: byPerson ? null : actor.id } as const
  const { id, isNew } = await insertErasure(tx, { userId, ...who, graceHours })
  if (!isNew) return id
  const channel = byPerson ? 'app' : 'other'
  await linkRequest(tx, id, await openRequest(requests, tx, { userId, kind: 'erasure', channel, actor }))
  await queueErasure(tx, id, { delayHours: graceHours })
  const event = { action: 'erasure.requested', outcome: 'success', details: { erasure_id: id } } as const
  await audit(tx, { ...event, actor, subjectUserId: userId, ...(reason === undefined ? {} : { reason }) })
  return id
}

export async function queueErasure(tx: Tx, erasureId: string, { delayHours = 0 } = {}): Promise<void> {
  const runAt = delayHours === 0 ? null : new Date(Date.now() + delayHours * 3_600_000)
  await enqueue(tx, erasePerson, { payload: { erasureId }, runAt })
}

async function ensurePerson(tx: Tx, userId: string): Promise<void> {
  await tx.query(sql`
    insert into public.app_users (user_id) values (${userId}::uuid) on conflict (user_id) do nothing`)
}

/** Before it has begun; what was asked for needs no answer any more. Throws erasure/not_found. */
export async function cancelErasure(
  { db, audit, requests }: CancelServices,
  { id, userId, actor }: { id: string; userId: string; actor: AuditActor },
): Promise<{ requestId: string; status: 'cancelled' }> {
  await db.transaction(async (tx) => {
    const cancelled = await cancelErasureRow(tx, id, userId)
    if (cancelled === undefined) throw new AppError('erasure/not_found')
    await tx.query(sql`select graphile_worker.remove_job(${erasePerson.jobKey({ erasureId: id })})`)
    const event = { action: 'erasure.cancelled', outcome: 'success', details: { erasure_id: id } } as const
    await audit(tx, { ...event, actor, subjectUserId: userId })
    const { requestId } = cancelled
    if (requestId !== null) await withdrawRequest(requests, tx, { id: requestId, actor })
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
