import type { Db, Tx } from '../../runtime/db.ts'
import { sql } from '../../runtime/sql.ts'

export type RequestKind = 'access' | 'export' | 'erasure' | 'rectification' | 'restriction' | 'objection'
export type RequestChannel = 'app' | 'email' | 'letter' | 'other'
export type RequestStatus = 'received' | 'in_progress' | 'completed' | 'refused' | 'cancelled'

/** When a request came, and on which day that was where the operator is. `receivedAt` null: now, by the database's clock. */
export async function readReceipt(
  tx: Tx,
  { receivedAt, timeZone }: { receivedAt: Date | null; timeZone: string },
): Promise<{ receivedAt: Date; receivedDay: string; isAhead: boolean }> {
  const { rows } = await tx.query<{ receivedAt: Date; receivedDay: string; isAhead: boolean }>(sql`
    select at as "receivedAt", (at at time zone ${timeZone}::text)::date::text as "receivedDay", at > now() as "isAhead"
    from (select coalesce(${receivedAt}::timestamptz, now()) as at) as receipt`)
  if (rows[0] === undefined) throw new Error('a row was not returned')
  return rows[0]
}

export interface NewRequest {
  readonly userId: string
  readonly kind: RequestKind
  readonly channel: RequestChannel
  readonly receivedAt: Date
  readonly receivedDay: string
  readonly dueDay: string
  readonly timeZone: string
}

/** The person is made known if nobody has heard of them. */
export async function insertRequest(tx: Tx, request: NewRequest): Promise<string> {
  await tx.query(sql`insert into public.app_users (user_id) values (${request.userId}::uuid) on conflict do nothing`)
  const { rows } = await tx.query<{ id: string }>(sql`
    insert into public.data_requests (user_id, kind, channel, received_at, received_day, due_day, due_at)
    values (${request.userId}::uuid, ${request.kind}, ${request.channel}, ${request.receivedAt}::timestamptz,
      ${request.receivedDay}::date, ${request.dueDay}::date,
      (${request.dueDay}::date + 1)::timestamp at time zone ${request.timeZone}::text)
    returning id`)
  if (rows[0] === undefined) throw new Error('an inserted row was not returned')
  return rows[0].id
}

export interface RequestRow {
  readonly userId: string
  readonly kind: RequestKind
  readonly status: RequestStatus
  readonly receivedDay: string
  readonly isExtended: boolean
  readonly isOverdue: boolean
}

export async function lockRequest(tx: Tx, id: string): Promise<RequestRow | undefined> {
  const { rows } = await tx.query<RequestRow>(sql`
    select r.user_id as "userId", r.kind, r.status, r.received_day::text as "receivedDay",
      r.extended_at is not null as "isExtended", r.due_at <= now() as "isOverdue"
    from public.data_requests r where r.id = ${id}::uuid for update`)
  return rows[0]
}

/** Moves an open request on; false when it was answered before. */
export async function setRequestStatus(
  tx: Tx,
  {
    id,
    status,
    refusalReason,
  }: { id: string; status: Exclude<RequestStatus, 'received'>; refusalReason: string | null },
): Promise<boolean> {
  const { rowCount } = await tx.query(sql`
    update public.data_requests
    set status = ${status}, refusal_reason = ${refusalReason}, updated_at = now(),
      answered_at = case when ${status} = 'in_progress' then null else now() end
    where id = ${id}::uuid and answered_at is null`)
  return rowCount === 1
}

export async function extendRequestRow(
  tx: Tx,
  { id, dueDay, timeZone, reason }: { id: string; dueDay: string; timeZone: string; reason: string },
): Promise<Date> {
  const { rows } = await tx.query<{ dueAt: Date }>(sql`
    update public.data_requests
    set due_day = ${dueDay}::date, due_at = (${dueDay}::date + 1)::timestamp at time zone ${timeZone}::text,
      extended_at = now(), extension_reason = ${reason}, warning = null, warned_at = null, updated_at = now()
    where id = ${id}::uuid
    returning due_at as "dueAt"`)
  if (rows[0] === undefined) throw new Error('a locked row was not updated')
  return rows[0].dueAt
}

export type Warning = 'seven_days' | 'two_days' | 'overdue'

/** Marks open requests whose end has come closer than it was at the last look; each step is answered once. */
export async function markWarnings(
  tx: Tx,
): Promise<readonly { id: string; userId: string; kind: RequestKind; warning: Warning }[]> {
  const { rows } = await tx.query<{ id: string; userId: string; kind: RequestKind; warning: Warning }>(sql`
    with due as (
      select user_id, id, case when due_at <= now() then 'overdue' when due_at <= now() + interval '2 days' then 'two_days'
        else 'seven_days' end as warning
      from public.data_requests where answered_at is null and due_at <= now() + interval '7 days'
      for update skip locked
    )
    update public.data_requests r set warning = due.warning, warned_at = now()
    from due where r.user_id = due.user_id and r.id = due.id and r.warning is distinct from due.warning
    returning r.id, r.user_id as "userId", r.kind, r.warning`)
  return rows
}

/** Open requests by kind and by how close their end is, as it is now: a task that does not run hides nothing. */
export async function countOpenRequests(
  db: Db,
): Promise<readonly { kind: RequestKind; urgency: Warning | 'in_time'; requests: number }[]> {
  const { rows } = await db.query<{ kind: RequestKind; urgency: Warning | 'in_time'; requests: number }>(sql`
    select kind, case when due_at <= now() then 'overdue' when due_at <= now() + interval '2 days' then 'two_days'
      when due_at <= now() + interval '7 days' then 'seven_days' else 'in_time' end as urgency, count(*)::integer as requests
    from public.data_requests where answered_at is null group by 1, 2`)
  return rows
}
