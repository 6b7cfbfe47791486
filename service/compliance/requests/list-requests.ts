import type { Db } from '../../runtime/db.ts'
import { sql } from '../../runtime/sql.ts'

export interface ListedRequest {
  readonly id: string
  readonly userId: string
  readonly kind: string
  readonly status: string
  readonly receivedDay: string
  readonly dueDay: string
  /** How close the end is; null once it is answered, or further away than a week. */
  readonly urgency: 'seven_days' | 'two_days' | 'overdue' | null
}

/** Those that end first come first. */
export async function listRequests(
  db: Db,
  { onlyOpen, id = null }: { onlyOpen: boolean; id?: string | null },
): Promise<readonly ListedRequest[]> {
  const { rows } = await db.query<ListedRequest>(sql`
    select id, user_id as "userId", kind, status, received_day::text as "receivedDay", due_day::text as "dueDay",
      case when answered_at is not null then null when due_at <= now() then 'overdue'
        when due_at <= now() + interval '2 days' then 'two_days'
        when due_at <= now() + interval '7 days' then 'seven_days' end as urgency
    from public.data_requests
    where (not ${onlyOpen} or answered_at is null) and (${id}::uuid is null or id = ${id}::uuid)
    order by answered_at is not null, due_at, id limit 1000`)
  return rows
}
