import type { Db, Tx } from '../../runtime/db.ts'
import { type Query, sql } from '../../runtime/sql.ts'

export interface NewAccess {
  readonly userId: string
  readonly reason: string
  readonly minutes: number
  readonly requestedBy: string
}

/** Undefined when there is no such person. */
export async function insertAccess(tx: Tx, access: NewAccess): Promise<string | undefined> {
  const { rows } = await tx.query<{ id: string }>(sql`
    insert into public.emergency_accesses (user_id, reason, minutes, requested_by)
    select user_id, ${access.reason}, ${access.minutes}::integer, ${access.requestedBy}::uuid
    from public.app_users where user_id = ${access.userId}::uuid
    returning id`)
  return rows[0]?.id
}

export interface Approved {
  readonly userId: string
  readonly reason: string
  readonly requestedBy: string
  readonly expiresAt: Date
}

/** By somebody else, within an hour of the request, once. The database's clock. */
export async function approveAccess(tx: Tx, { id, by }: { id: string; by: string }): Promise<Approved | undefined> {
  const { rows } = await tx.query<Approved>(sql`
    update public.emergency_accesses
    set approved_by = ${by}::uuid, approved_at = now(), expires_at = now() + make_interval(mins => minutes)
    where id = ${id}::uuid and requested_by <> ${by}::uuid and approved_by is null
      and requested_at > now() - interval '1 hour'
    returning user_id as "userId", reason, requested_by as "requestedBy", expires_at as "expiresAt"`)
  return rows[0]
}

/** Locked against its own end: what is read is read within it. */
export async function findActiveAccess(
  tx: Tx,
  { id, reader }: { id: string; reader: string },
): Promise<{ userId: string; reason: string } | undefined> {
  const { rows } = await tx.query<{ userId: string; reason: string }>(sql`
    select user_id as "userId", reason from public.emergency_accesses
    where id = ${id}::uuid and requested_by = ${reader}::uuid and expires_at > clock_timestamp()`)
  return rows[0]
}

export interface ListedAccess {
  readonly id: string
  readonly userId: string
  readonly reason: string
  readonly requestedBy: string
  readonly requestedAt: Date
  readonly approvedBy: string | null
  readonly expiresAt: Date | null
  readonly isOpen: boolean
}

const LISTED = 100

/** The newest of everybody's. */
export async function listAccesses(db: Db): Promise<readonly ListedAccess[]> {
  const { rows } = await db.query<ListedAccess>(sql`
    select id, user_id as "userId", reason, requested_by as "requestedBy", requested_at as "requestedAt", approved_by as "approvedBy",
      expires_at as "expiresAt", coalesce(expires_at > now(), false) as "isOpen"
    from public.emergency_accesses order by requested_at desc limit ${LISTED}`)
  return rows
}

export interface Page {
  readonly userId: string
  /** Of the reader: what it is kept from is left out. */
  readonly role: string
  readonly limit: number
  readonly offset: number
}

/** What may be read: no token, no raw payload, no key. One statement each, so that nothing is named by who asks. */
export const DATASETS: Readonly<Record<string, (page: Page) => Query>> = {
  connections: ({ userId, role, limit, offset }) => sql`
    select to_jsonb(t) - 'platform_user_id' as row from public.connections t
    where t.user_id = ${userId}::uuid
      and t.platform not in (select platform from public.role_platform_restrictions where role = ${role})
    order by t.platform limit ${limit} offset ${offset}`,
  sync_runs: ({ userId, role, limit, offset }) => sql`
    select to_jsonb(t) - 'next_cursor' as row from public.sync_runs t
    where t.user_id = ${userId}::uuid
      and t.platform not in (select platform from public.role_platform_restrictions where role = ${role})
    order by t.started_at desc, t.id limit ${limit} offset ${offset}`,
  activities: ({ userId, role, limit, offset }) => sql`
    select to_jsonb(t) as row from public.activities t
    where t.user_id = ${userId}::uuid
      and t.platform not in (select platform from public.role_platform_restrictions where role = ${role})
    order by t.started_at desc, t.id limit ${limit} offset ${offset}`,
  sleep_sessions: ({ userId, role, limit, offset }) => sql`
    select to_jsonb(t) as row from public.sleep_sessions t
    where t.user_id = ${userId}::uuid
      and t.platform not in (select platform from public.role_platform_restrictions where role = ${role})
    order by t.started_at desc, t.id limit ${limit} offset ${offset}`,
  samples: ({ userId, role, limit, offset }) => sql`
    select to_jsonb(t) as row from public.samples t
    where t.user_id = ${userId}::uuid
      and t.platform not in (select platform from public.role_platform_restrictions where role = ${role})
    order by t.started_at desc, t.kind limit ${limit} offset ${offset}`,
  // A day is of all platforms together: a role that is kept from one of them sees none.
  daily_summaries: ({ userId, role, limit, offset }) => sql`
    select to_jsonb(t) as row from public.daily_summaries t
    where t.user_id = ${userId}::uuid
      and not exists (select from public.role_platform_restrictions where role = ${role})
    order by t.local_day desc limit ${limit} offset ${offset}`,
}

export async function readRows(tx: Tx, query: Query): Promise<readonly unknown[]> {
  const { rows } = await tx.query<{ row: unknown }>(query)
  return rows.map(({ row }) => row)
}
