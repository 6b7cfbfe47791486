import type { AuditActor, RecordAudit } from '../../runtime/audit-event.ts'
import type { Database, Db } from '../../runtime/db.ts'
import { AppError } from '../../runtime/errors.ts'
import { sql } from '../../runtime/sql.ts'
import { queueErasure } from '../erasure/request-erasure.ts'

export interface HoldServices {
  readonly db: Database
  readonly audit: RecordAudit
}

/** Stops retention and erasure of a person's data, or of everybody's. Throws hold/exists, hold/person_unknown. */
export async function placeHold(
  { db, audit }: HoldServices,
  { userId, reason, actor }: { userId: string | null; reason: string; actor: AuditActor },
): Promise<{ holdId: string }> {
  return db.transaction(async (tx) => {
    if (userId !== null) {
      // Against an erasure that begins at this moment: it holds the row.
      const { rowCount } = await tx.query(sql`
        select from public.app_users u where u.user_id = ${userId}::uuid
          and not exists (select from public.erasures e where e.user_id = u.user_id and e.status = 'erasing') for update`)
      if (rowCount === 0) throw new AppError('hold/person_unknown')
    }
    const { rows } = await tx.query<{ id: string }>(sql`
      insert into public.legal_holds (user_id, everybody, reason, placed_by)
      values (${userId}::uuid, ${userId === null}, ${reason}, ${actor.id}::uuid) on conflict do nothing returning id`)
    if (rows[0] === undefined) throw new AppError('hold/exists')
    const holdId = rows[0].id
    const event = { action: 'hold.placed', outcome: 'success', details: { hold_id: holdId } } as const
    await audit(tx, { ...event, actor, reason, subjectUserId: userId })
    return { holdId }
  })
}

/** Erasures that waited for it begin at once. Throws hold/not_found. */
export async function releaseHold(
  { db, audit }: HoldServices,
  { holdId, reason, actor }: { holdId: string; reason: string; actor: AuditActor },
): Promise<{ holdId: string }> {
  return db.transaction(async (tx) => {
    const { rows } = await tx.query<{ userId: string | null }>(sql`
      update public.legal_holds set released_at = now(), released_by = ${actor.id}::uuid, release_reason = ${reason}
      where id = ${holdId}::uuid and released_at is null returning user_id as "userId"`)
    if (rows[0] === undefined) throw new AppError('hold/not_found')
    const event = { action: 'hold.released', outcome: 'success', details: { hold_id: holdId } } as const
    await audit(tx, { ...event, actor, reason, subjectUserId: rows[0].userId })
    const { rows: waiting } = await tx.query<{ id: string }>(sql`
      select id from public.erasures where status = 'requested' and erases_at <= now()`)
    for (const { id } of waiting) await queueErasure(tx, id)
    return { holdId }
  })
}

export interface HoldLine {
  readonly id: string
  readonly userId: string | null
  readonly reason: string
  readonly placedAt: Date
  readonly releasedAt: Date | null
}

export async function listHolds(db: Db): Promise<readonly HoldLine[]> {
  const { rows } = await db.query<HoldLine>(sql`
    select id, user_id as "userId", reason, placed_at as "placedAt", released_at as "releasedAt"
    from public.legal_holds order by placed_at desc, id limit 1000`)
  return rows
}
