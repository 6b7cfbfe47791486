import type { Db, Tx } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'
import type { ConnectionKey } from './services.ts'

/** A window of time, its end not included. */
export interface Window {
  readonly from: Date
  readonly to: Date
}

/**
 * What a platform was asked for already, of one kind of data or (lists) of all together; of the account that is connected now, and with all that is granted now. A
 * connection that ended leaves them: its data is still here until the platform's policy removes both.
 */
export async function findAskedWindows(
  db: Db,
  { userId, platform }: ConnectionKey,
  { dataType = '*', exceptRun = null }: { dataType?: string; exceptRun?: string | null },
): Promise<readonly Window[]> {
  const { rows } = await db.query<Window>(sql`
    select w.window_start as "from", w.window_end as "to"
    from ops.requested_windows w
    join public.connections c on c.user_id = w.user_id and c.platform = w.platform and c.platform_user_id = w.account
    where w.user_id = ${userId}::uuid and w.platform = ${platform} and w.data_type in (${dataType}, '*')
      and w.outcome is not null and w.granted_scopes @> c.granted_scopes and (w.run_id is null or w.run_id is distinct from ${exceptRun}::uuid)
    order by 1`)
  return rows
}

/** A backfill that was asked for; asked twice it is one. */
export async function recordAsked(
  tx: Tx,
  { userId, platform, runId }: ConnectionKey & { readonly runId: string },
  { dataType, from, to, outcome }: Window & { dataType: string; outcome: string | null },
): Promise<void> {
  await tx.query(sql`
    insert into ops.requested_windows (user_id, platform, account, granted_scopes, data_type, window_start, window_end, outcome, asked_by_run)
    select c.user_id, c.platform, c.platform_user_id, c.granted_scopes, ${dataType}, ${from}::timestamptz, ${to}::timestamptz, ${outcome},
      ${runId}::uuid
    from public.connections c where c.user_id = ${userId}::uuid and c.platform = ${platform}
    on conflict (user_id, platform, account, data_type, window_end, window_start)
    do update set outcome = excluded.outcome, granted_scopes = excluded.granted_scopes, asked_by_run = excluded.asked_by_run`)
}

/** The platform's lists were read back to `from` by this run: its window grows page by page. */
export async function recordRead(
  tx: Tx,
  { userId, platform, runId }: ConnectionKey & { readonly runId: string },
  { from, to }: Window,
): Promise<void> {
  await tx.query(sql`
    insert into ops.requested_windows as w
      (user_id, platform, account, granted_scopes, data_type, window_start, window_end, outcome, run_id)
    select c.user_id, c.platform, c.platform_user_id, c.granted_scopes, '*', ${from}::timestamptz, ${to}::timestamptz, 'read', ${runId}::uuid
    from public.connections c
    where c.user_id = ${userId}::uuid and c.platform = ${platform} and ${from}::timestamptz < ${to}::timestamptz
    on conflict (user_id, run_id, data_type) where run_id is not null
    do update set window_start = least(w.window_start, excluded.window_start)`)
}

/** A run that ended adds its window to one that it touches, so that many looks at what is new leave one row. */
export async function joinRead(tx: Tx, { userId, runId }: { userId: string; runId: string }): Promise<void> {
  await tx.query(sql`
    with own as (
      select w.* from ops.requested_windows w where w.user_id = ${userId}::uuid and w.run_id = ${runId}::uuid
    ), joined as (
      update ops.requested_windows w set window_end = own.window_end
      from own
      where w.user_id = own.user_id and w.platform = own.platform and w.account = own.account and w.data_type = own.data_type
        and w.outcome = 'read' and w.run_id <> own.run_id and w.granted_scopes = own.granted_scopes
        and w.window_start <= own.window_start and w.window_end between own.window_start and own.window_end
      returning own.data_type
    )
    delete from ops.requested_windows w using joined
    where w.user_id = ${userId}::uuid and w.run_id = ${runId}::uuid and w.data_type = joined.data_type`)
}

/** While the connection lasted a platform without a list sent everything by itself, up to the last that was heard. */
export async function recordPushed(tx: Tx, { userId, platform }: ConnectionKey): Promise<void> {
  await tx.query(sql`
    insert into ops.requested_windows (user_id, platform, account, granted_scopes, data_type, window_start, window_end, outcome)
    select c.user_id, c.platform, c.platform_user_id, c.granted_scopes, '*', c.connected_at, c.last_webhook_at, 'pushed'
    from public.connections c
    where c.user_id = ${userId}::uuid and c.platform = ${platform} and c.strategy = 'push' and c.last_webhook_at > c.connected_at
    on conflict do nothing`)
}

/** The parts of a window that none of the others covers, oldest first; pieces shorter than `leastMs` are let go. Pure. */
export function subtractWindows(window: Window, covered: readonly Window[], leastMs = 0): readonly Window[] {
  let left: readonly Window[] = [window]
  for (const { from, to } of covered)
    left = left.flatMap((piece) => [
      ...(piece.from < from ? [{ from: piece.from, to: piece.to < from ? piece.to : from }] : []),
      ...(piece.to > to ? [{ from: piece.from > to ? piece.from : to, to: piece.to }] : []),
    ])
  return left.filter((piece) => piece.to.getTime() - piece.from.getTime() > leastMs)
}

/** The window that an instant lies in, the one that reaches back furthest; windows that touch are one. Pure. */
export function coveringWindow(at: Date, covered: readonly Window[]): Window | undefined {
  const joined: Window[] = []
  for (const window of covered.toSorted((one, other) => one.from.getTime() - other.from.getTime())) {
    const last = joined.at(-1)
    if (last === undefined || window.from > last.to) joined.push(window)
    else joined[joined.length - 1] = { from: last.from, to: window.to > last.to ? window.to : last.to }
  }
  return joined.find(({ from, to }) => from < at && at <= to)
}
