import type { Db, Tx } from '../../runtime/db.ts'
import { AppError } from '../../runtime/errors.ts'
import { sql } from '../../runtime/sql.ts'

export type ErasureStatus = 'requested' | 'erasing' | 'confirming' | 'complete' | 'cancelled'

/** What the work remembers from one step to the next; emptied when the report is signed. */
export interface Progress {
  readonly before?: Readonly<Record<string, number>>
  readonly keyIds?: readonly string[]
  readonly accounts?: readonly { readonly platform: string; readonly platformUserId: string }[]
  readonly sourceIds?: readonly string[]
  /** A transaction id: what began before it may not know of the tombstone. */
  readonly barrier?: string
  readonly after?: Readonly<Record<string, number>>
}

export interface Erasure {
  readonly id: string
  readonly userId: string | null
  readonly subjectDigest: Buffer
  readonly status: ErasureStatus
  readonly channel: 'app' | 'operator' | 'replay'
  readonly requestedAt: Date
  readonly erasesAt: Date
  readonly isDue: boolean
  readonly held: boolean
  readonly startedAt: Date | null
  readonly erasedAt: Date | null
  readonly progress: Progress
  readonly report: string | null
  readonly reportSignature: string | null
  readonly reportKey: string | null
}

export interface NewErasure {
  readonly userId: string
  readonly channel: Erasure['channel']
  readonly requestedBy: string | null
  readonly graceHours: number
}

/** The one that is open already where there is one. Throws request/try_again when that ends at this moment. */
export async function insertErasure(tx: Tx, erasure: NewErasure): Promise<{ id: string; isNew: boolean }> {
  const { rows } = await tx.query<{ id: string }>(sql`
    insert into public.erasures (user_id, subject_digest, channel, requested_by, erases_at)
    values (${erasure.userId}::uuid, ops.person_digest(${erasure.userId}::uuid), ${erasure.channel}, ${erasure.requestedBy}::uuid,
      now() + make_interval(hours => ${erasure.graceHours}::integer))
    on conflict (user_id) where status in ('requested', 'erasing') and user_id is not null do nothing
    returning id`)
  if (rows[0] !== undefined) return { id: rows[0].id, isNew: true }
  // A statement of its own: the one before may have waited for a row that it cannot see.
  const { rows: open } = await tx.query<{ id: string }>(sql`
    select id from public.erasures where user_id = ${erasure.userId}::uuid and status in ('requested', 'erasing')`)
  if (open[0] === undefined) throw new AppError('request/try_again')
  return { id: open[0].id, isNew: false }
}

export async function findErasure(db: Db, id: string): Promise<Erasure | undefined> {
  const { rows } = await db.query<Erasure>(sql`
    select id, user_id as "userId", subject_digest as "subjectDigest", status, channel, requested_at as "requestedAt",
      erases_at as "erasesAt", erases_at <= clock_timestamp() as "isDue", held, started_at as "startedAt", erased_at as "erasedAt",
      progress, report, report_signature as "reportSignature", report_key as "reportKey"
    from public.erasures where id = ${id}::uuid`)
  return rows[0]
}

/** Nobody else works on it until the transaction ends. */
export async function lockErasure(tx: Tx, id: string): Promise<Erasure | undefined> {
  await tx.query(sql`select from public.erasures where id = ${id}::uuid for update`)
  return findErasure(tx, id)
}

/** Whether the caller is the person it is, or was, about. */
export async function isSubject(db: Db, id: string, userId: string): Promise<boolean> {
  const { rowCount } = await db.query(sql`
    select from public.erasures where id = ${id}::uuid and subject_digest = ops.person_digest(${userId}::uuid)`)
  return rowCount > 0
}

export async function linkRequest(tx: Tx, id: string, requestId: string): Promise<void> {
  await tx.query(sql`update public.erasures set request_id = ${requestId}::uuid where id = ${id}::uuid`)
}

/** Undefined unless it had not begun. */
export async function cancelErasureRow(
  tx: Tx,
  id: string,
  userId: string,
): Promise<{ requestId: string | null } | undefined> {
  const { rows } = await tx.query<{ requestId: string | null }>(sql`
    update public.erasures set status = 'cancelled', finished_at = now(), updated_at = now()
    where id = ${id}::uuid and user_id = ${userId}::uuid and status = 'requested'
    returning request_id as "requestId"`)
  return rows[0]
}

export async function setHeld(db: Db, id: string, held: boolean): Promise<void> {
  await db.query(sql`
    update public.erasures set held = ${held}, updated_at = now() where id = ${id}::uuid and held <> ${held}`)
}

export async function isHeld(db: Db, userId: string): Promise<boolean> {
  const { rows } = await db.query<{ held: boolean }>(sql`select ops.is_held(${userId}::uuid) as held`)
  return rows[0]?.held === true
}

export async function markErasing(tx: Tx, id: string, progress: Progress): Promise<void> {
  await tx.query(sql`
    update public.erasures set status = 'erasing', held = false, started_at = now(), updated_at = now(),
      progress = ${JSON.stringify(progress)}::jsonb where id = ${id}::uuid`)
}

export async function mergeProgress(db: Db, id: string, more: Progress): Promise<void> {
  await db.query(sql`
    update public.erasures set progress = progress || ${JSON.stringify(more)}::jsonb, updated_at = now() where id = ${id}::uuid`)
}

export async function markErased(db: Db, id: string, after: Readonly<Record<string, number>>): Promise<void> {
  await db.query(sql`
    update public.erasures set status = 'confirming', erased_at = clock_timestamp(), updated_at = now(),
      progress = progress || ${JSON.stringify({ after })}::jsonb where id = ${id}::uuid and status = 'erasing'`)
}

/** Once: the first report is the report. */
export async function storeReport(
  tx: Tx,
  id: string,
  { report, signature, key }: { report: string; signature: string | null; key: string | null },
): Promise<boolean> {
  const { rowCount } = await tx.query(sql`
    update public.erasures set status = 'complete', finished_at = now(), updated_at = now(), progress = '{}',
      report = ${report}, report_signature = ${signature}, report_key = ${key}
    where id = ${id}::uuid and status = 'confirming'`)
  return rowCount === 1
}

export interface RevocationState {
  readonly revocationId: string
  readonly platform: string
  readonly outcome: 'confirmed' | 'given_up' | null
  readonly settledAt: Date | null
  /** The platform is still to be asked. */
  readonly isOpen: boolean
}

export async function findRevocations(db: Db, erasureId: string): Promise<readonly RevocationState[]> {
  const { rows } = await db.query<RevocationState>(sql`
    select r.revocation_id as "revocationId", r.platform, r.outcome, r.settled_at as "settledAt",
      r.outcome is null and exists (select from vault.pending_revocations p where p.id = r.revocation_id) as "isOpen"
    from ops.erasure_revocations r where r.erasure_id = ${erasureId}::uuid order by r.platform, r.revocation_id`)
  return rows
}

export async function insertRevocations(
  tx: Tx,
  erasureId: string,
  revocations: readonly { readonly platform: string; readonly revocationId: string }[],
): Promise<void> {
  await tx.query(sql`
    insert into ops.erasure_revocations (revocation_id, erasure_id, platform)
    select id, ${erasureId}::uuid, platform
    from unnest(${revocations.map((row) => row.revocationId)}::uuid[], ${revocations.map((row) => row.platform)}::text[]) as r (id, platform)
    on conflict (revocation_id) do nothing`)
}

export interface ErasureLine {
  readonly id: string
  readonly status: ErasureStatus
  readonly held: boolean
  readonly channel: string
  readonly requestedAt: Date
  readonly erasesAt: Date
  readonly finishedAt: Date | null
}

export async function listErasures(db: Db, limit: number): Promise<readonly ErasureLine[]> {
  const { rows } = await db.query<ErasureLine>(sql`
    select id, status, held, channel, requested_at as "requestedAt", erases_at as "erasesAt", finished_at as "finishedAt"
    from public.erasures order by requested_at desc, id limit ${limit}`)
  return rows
}
