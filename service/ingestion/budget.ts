import type { BudgetWindow, PlatformApi } from '../platforms/contract.ts'
import type { Db } from '../runtime/db.ts'
import { preparedSql, sql } from '../runtime/sql.ts'

/** How much of every window each kind of work may use up; the rest is kept for what is more urgent. */
export const SHARE = { interactive: 1, webhook: 0.95, polling: 0.9, history: 0.8, enrichment: 0.5 } as const
export type Urgency = keyof typeof SHARE

/** Windows as the platform documents them; figures already learnt stay. */
export async function declareBudget(db: Db, platform: string, windows: readonly BudgetWindow[]): Promise<void> {
  await db.query(sql`
    insert into ops.request_budgets (platform, window_name, window_seconds, quota, resets_at)
    select ${platform}::text, w.name, w.seconds, w.quota,
      to_timestamp((floor(extract(epoch from now()) / w.seconds) + 1) * w.seconds)
    from jsonb_to_recordset(${JSON.stringify(windows)}::jsonb) as w (name text, seconds integer, quota integer)
    on conflict (platform, window_name) do nothing`)
  await db.query(
    sql`insert into ops.circuit_breakers (platform) values (${platform}) on conflict (platform) do nothing`,
  )
}

/** How many days of data the application may ask for in a minute; unlike the windows above it is ours to set. */
export async function declareDaysOfData(db: Db, platform: string, daysPerMinute: number): Promise<void> {
  await db.query(sql`
    insert into ops.request_budgets (platform, window_name, window_seconds, quota, resets_at, unit)
    values (${platform}, 'days_of_data_minute', 60, ${daysPerMinute}::integer, date_trunc('minute', now()) + interval '1 minute', 'day_of_data')
    on conflict (platform, window_name) do update set quota = excluded.quota`)
}

/** Takes so many days of data, or answers when to try again. */
export async function takeDaysOfData(db: Db, platform: string, days: number): Promise<Date | undefined> {
  const { rows } = await db.query<{ wait_until: Date | null }>(sql`
    select ops.take_days_of_data(${platform}::text, ${days}::integer) as wait_until`)
  return rows[0]?.wait_until ?? undefined
}

/** Takes one request, or answers when to try again: no request is made that is known to be refused, or to a platform that fails. */
export async function takeRequest(db: Db, platform: string, urgency: Urgency): Promise<Date | undefined> {
  const { rows } = await db.query<{ wait_until: Date | null }>(preparedSql`
    select ops.take_request(${platform}::text, ${SHARE[urgency]}::numeric) as wait_until`)
  return rows[0]?.wait_until ?? undefined
}

/** Learns limits and usage from an answer. An answer from before the window began says nothing about it. A probe that succeeds closes the breaker. */
export async function learnBudget(
  db: Db,
  platform: string,
  { windows, askedAt }: { windows: ReturnType<PlatformApi['readBudget']>; askedAt: Date },
): Promise<void> {
  await db.query(preparedSql`
    with closed as (
      update ops.circuit_breakers set state = 'closed', openings = 0, requests = 0, failures = 0, open_until = null, probe_until = null,
        changed_at = clock_timestamp()
      where platform = ${platform}::text and state = 'half_open'
    )
    update ops.request_budgets b set quota = w.quota, used = greatest(b.used, w.used)
    from jsonb_to_recordset(${JSON.stringify(windows)}::jsonb) as w (name text, quota integer, used integer)
    where b.platform = ${platform}::text and b.window_name = w.name
      and b.resets_at > now() and b.resets_at - make_interval(secs => b.window_seconds) <= ${askedAt}::timestamptz
      and (b.quota, b.used) is distinct from (w.quota, greatest(b.used, w.used))`)
}

/** It answered with a 5xx, or not at all: the platform is at fault, nobody's connection. */
export async function noteFailedRequest(db: Db, platform: string): Promise<void> {
  await db.query(sql`select ops.note_failed_request(${platform}::text)`)
}

/** The platform refused although we thought there was room: nothing more in the shortest window. Answers when it resets. */
export async function exhaustBudget(db: Db, platform: string): Promise<Date> {
  const { rows } = await db.query<{ wait_until: Date }>(sql`
    with spent as (
      update ops.request_budgets b set used = greatest(b.used, b.quota)
      where b.platform = ${platform}::text
        and b.window_seconds = (select min(s.window_seconds) from ops.request_budgets s where s.platform = b.platform)
      returning b.resets_at, b.window_seconds
    )
    select coalesce(
      (select max(b.resets_at) from ops.request_budgets b where b.platform = ${platform}::text and b.used >= b.quota and b.resets_at > now()),
      (select max(resets_at) from spent where resets_at > now()),
      now() + interval '1 minute') as wait_until`)
  return rows[0]?.wait_until ?? new Date(Date.now() + 60_000)
}

/**
 * The platform asked to be left alone for so long (Retry-After), or does not serve this application at present (`misconfigured`): nobody
 * calls it before. Answers until when.
 */
export async function pauseRequests(
  db: Db,
  platform: string,
  { seconds, reason = null }: { seconds: number; reason?: 'misconfigured' | null },
): Promise<Date> {
  const { rows } = await db.query<{ paused_until: Date }>(sql`
    insert into ops.request_pauses as p (platform, paused_until, reason)
    values (${platform}::text, clock_timestamp() + make_interval(secs => ${seconds}::double precision), ${reason})
    on conflict (platform) do update set paused_until = greatest(p.paused_until, excluded.paused_until), reason = excluded.reason
    returning p.paused_until`)
  return rows[0]?.paused_until ?? new Date(Date.now() + seconds * 1000)
}
