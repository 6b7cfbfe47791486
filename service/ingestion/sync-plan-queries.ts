import type { Db, Tx } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'
import type { Strategy, StrategyDecision } from './decide-strategy.ts'
import type { ConnectionKey } from './services.ts'

export interface HeardPlan {
  readonly heard: readonly Date[]
  readonly polling: boolean
  readonly strategy: Strategy
  readonly connectedAt: Date
  readonly now: Date
}

/** Notes on the connection that the platform told us something, and answers what was heard before. Undefined: there is none. */
export interface Heard extends ConnectionKey {
  /** It brought data, too. */
  readonly synced: boolean
}

export async function markHeard(tx: Tx, { userId, platform, synced }: Heard): Promise<HeardPlan | undefined> {
  const { rows } = await tx.query<HeardPlan>(sql`
    with marked as (
      update public.connections set last_webhook_at = now(), updated_at = now(),
        last_synced_at = case when ${synced} then now() else last_synced_at end
      where user_id = ${userId}::uuid and platform = ${platform}
      returning user_id, platform, strategy, polling_since, connected_at
    )
    select coalesce(p.heard_at, '{}') as heard, m.polling_since is not null as polling, m.strategy,
      m.connected_at as "connectedAt", now() as now
    from marked m left join ops.sync_plans p on p.user_id = m.user_id and p.platform = m.platform`)
  return rows[0]
}

/** On which of the last ninety days there is something of somebody; of the platform's own records. */
export async function findActiveTimes(db: Db, { userId, platform }: ConnectionKey): Promise<readonly Date[]> {
  const { rows } = await db.query<{ at: Date }>(sql`
    select d.local_day::timestamptz as at from (
      select a.local_day from public.activities a
      where a.user_id = ${userId}::uuid and a.platform = ${platform} and a.local_day > current_date - 90
      union select s.local_day from public.sleep_sessions s
      where s.user_id = ${userId}::uuid and s.platform = ${platform} and s.local_day > current_date - 90
      union select m.local_day from public.daily_metrics m
      where m.user_id = ${userId}::uuid and m.platform = ${platform} and m.local_day > current_date - 90 and not m.derived
    ) d order by 1`)
  return rows.map(({ at }) => at)
}

/** Keeps what was heard and when silence becomes strange. */
export async function saveRhythm(
  tx: Tx,
  { userId, platform }: ConnectionKey,
  { heard, silentAfter }: { heard: readonly Date[]; silentAfter: Date | null },
): Promise<void> {
  await tx.query(sql`
    insert into ops.sync_plans (user_id, platform, heard_at, silent_after)
    values (${userId}::uuid, ${platform}, ${heard}::timestamptz[], ${silentAfter}::timestamptz)
    on conflict (user_id, platform) do update set heard_at = excluded.heard_at, silent_after = excluded.silent_after`)
}

/** Goes over to polling or back, with the reason on the connection and in its history. */
export async function saveDecision(
  tx: Tx,
  { userId, platform }: ConnectionKey,
  { decision, firstPollAt }: { decision: StrategyDecision; firstPollAt: Date | null },
): Promise<{ changed: boolean }> {
  const { polling, reason, quietMs, expectedWithinMs } = decision
  const { rowCount } = await tx.query(sql`
    with before as (
      select c.polling_since is not null as polling, c.strategy_reason as reason from public.connections c
      where c.user_id = ${userId}::uuid and c.platform = ${platform} for update
    ), after as (
      update public.connections c set strategy_reason = ${reason}, updated_at = now(),
        polling_since = case when ${polling}::boolean then coalesce(c.polling_since, now()) end
      from before
      where c.user_id = ${userId}::uuid and c.platform = ${platform}
        and (before.polling <> ${polling}::boolean or before.reason is distinct from ${reason})
      returning c.strategy, before.polling as was_polling, before.reason as was_reason
    ), planned as (
      insert into ops.sync_plans as p (user_id, platform, silent_after, next_poll_at)
      values (${userId}::uuid, ${platform}, ${decision.askAgainAt}::timestamptz, ${firstPollAt}::timestamptz)
      on conflict (user_id, platform) do update set silent_after = excluded.silent_after,
        next_poll_at = case when ${polling}::boolean then coalesce(p.next_poll_at, excluded.next_poll_at) end,
        poll_interval_s = case when ${polling}::boolean then p.poll_interval_s else 0 end
    )
    insert into public.connection_strategy_changes (user_id, platform, strategy, polling, reason, quiet_s, expected_within_s)
    select ${userId}::uuid, ${platform}, a.strategy, ${polling}::boolean, ${reason},
      ${Math.round(quietMs / 1000)}::integer, ${Math.round(expectedWithinMs / 1000)}::integer
    from after a
    -- The everyday reasons are no news; going over is, and so is a silence that nothing can be done about.
    where a.was_polling <> ${polling}::boolean or ${reason} = 'silent_and_not_pollable' or a.was_reason = 'silent_and_not_pollable'`)
  return { changed: rowCount > 0 }
}

export interface QuietConnection extends ConnectionKey, HeardPlan {
  readonly lastHeardAt: Date | null
}

/** Connections whose silence became strange, or that have no plan yet; locked, so that two watchers share them. */
export async function findQuiet(tx: Tx, limit: number): Promise<readonly QuietConnection[]> {
  const { rows } = await tx.query<QuietConnection>(sql`
    select c.user_id as "userId", c.platform, c.strategy, c.polling_since is not null as polling,
      c.connected_at as "connectedAt", c.last_webhook_at as "lastHeardAt", p.heard_at as heard, now() as now
    from ops.sync_plans p join public.connections c on c.user_id = p.user_id and c.platform = p.platform
    where p.silent_after <= now() and c.status in ('active', 'limited')
    order by p.silent_after limit ${limit}::integer for update of p, c skip locked`)
  return rows
}

/** A plan for every connection that has none, and the strategy that its platform has now. Safe to run again. */
export async function ensurePlans(tx: Tx): Promise<void> {
  await tx.query(sql`
    update public.connections c set strategy = p.strategy, updated_at = now(), polling_since = null
    from public.platforms p where p.id = c.platform and c.strategy <> p.strategy and c.status <> 'disconnected'`)
  await tx.query(sql`
    insert into ops.sync_plans (user_id, platform, silent_after)
    select c.user_id, c.platform, now() from public.connections c
    where c.status in ('active', 'limited')
      and not exists (select 1 from ops.sync_plans p where p.user_id = c.user_id and p.platform = c.platform)
    on conflict do nothing`)
  // An end takes the plan along: the next consent begins anew, but for the rhythm.
  await tx.query(sql`
    update ops.sync_plans p set silent_after = null, next_poll_at = null from public.connections c
    where c.user_id = p.user_id and c.platform = p.platform and c.status in ('needs_reauth', 'disconnected')
      and (p.silent_after is not null or p.next_poll_at is not null)`)
  await tx.query(sql`
    update ops.sync_plans p set silent_after = now() from public.connections c
    where c.user_id = p.user_id and c.platform = p.platform and c.status in ('active', 'limited')
      and p.silent_after is null and p.next_poll_at is null`)
}

/** How many polls a second the platform's request limits leave room for; null where it has none. */
export async function findPollsPerSecond(db: Db, platform: string, share: number): Promise<number | null> {
  const { rows } = await db.query<{ rate: number | null }>(sql`
    select min(b.quota * ${share}::numeric / b.window_seconds)::float8 as rate
    from ops.request_budgets b where b.platform = ${platform} and b.unit = 'request'`)
  return rows[0]?.rate ?? null
}

/**
 * Queues the polls that are due, at most `limit`, each so many seconds behind the one before, beginning with place `offset`. Answers how
 * many. One statement: no row comes to this process. A poll that is lost is planned again after a day.
 */
export async function planPolls(
  db: Db,
  { platform, limit, offset, paceSeconds }: { platform: string; limit: number; offset: number; paceSeconds: number },
): Promise<number> {
  const { rows } = await db.query<{ planned: number }>(sql`
    with due as (
      select p.user_id, p.platform from ops.sync_plans p
      join public.connections c on c.user_id = p.user_id and c.platform = p.platform
      where p.platform = ${platform} and p.next_poll_at <= now() and c.status in ('active', 'limited')
      order by p.next_poll_at, p.user_id limit ${limit}::integer for update of p skip locked
    ), placed as (
      select d.*, now() + make_interval(secs => (row_number() over (order by d.user_id) - 1 + ${offset}::integer) * ${paceSeconds}::float8) as run_at
      from due d
    ), moved as (
      update ops.sync_plans p set next_poll_at = d.run_at + interval '1 day' from placed d
      where p.user_id = d.user_id and p.platform = d.platform
    ), queued as (
      select graphile_worker.add_jobs(array_agg(row('poll_connection', json_build_object('userId', d.user_id, 'platform', d.platform),
        null, d.run_at, 25, 'poll_connection:' || d.platform || ':' || d.user_id, 0, null)::graphile_worker.job_spec)) from placed d
      having count(*) > 0
    )
    select (select count(*) from placed)::integer as planned, (select count(*) from queued) as jobs`)
  return rows[0]?.planned ?? 0
}

/** Undefined unless the connection is polled at present. */
export async function findPolled(
  tx: Tx,
  { userId, platform }: ConnectionKey,
): Promise<{ status: string; polling: boolean } | undefined> {
  const { rows } = await tx.query<{ status: string; polling: boolean }>(sql`
    select c.status, c.polling_since is not null as polling from public.connections c
    where c.user_id = ${userId}::uuid and c.platform = ${platform} for update`)
  return rows[0]
}

/** A page of a poll. */
export interface PolledPage {
  /** From 0. */
  readonly page: number
  /** SHA-256 of what it was. */
  readonly digest: Buffer
}

/** A poll begins: the next is after twice the time, unless one of its pages has news (`hastenNextPoll`). */
export async function planNextPoll(
  tx: Tx,
  { userId, platform }: ConnectionKey,
  { shortest, longest }: { shortest: number; longest: number },
): Promise<void> {
  await tx.query(sql`
    update ops.sync_plans p set poll_interval_s = n.seconds,
      next_poll_at = case when p.next_poll_at is not null then now() + make_interval(secs => n.seconds) end
    from (
      select least(${longest}::integer, greatest(${shortest}::integer, o.poll_interval_s * 2)) as seconds
      from ops.sync_plans o where o.user_id = ${userId}::uuid and o.platform = ${platform}
    ) n
    where p.user_id = ${userId}::uuid and p.platform = ${platform}`)
}

/** A page of a poll is not what it was: it is remembered, and the next poll comes soon. */
export async function hastenNextPoll(
  tx: Tx,
  { userId, platform }: ConnectionKey,
  { page, digest, shortest }: PolledPage & { readonly shortest: number },
): Promise<void> {
  await tx.query(sql`
    update ops.sync_plans p set poll_interval_s = ${shortest}::integer,
      next_poll_at = case when p.next_poll_at is not null then now() + make_interval(secs => ${shortest}::integer) end,
      poll_digest = substring(coalesce(p.poll_digest, ''::bytea) from 1 for ${page}::integer * 32) || ${digest}::bytea
        || substring(coalesce(p.poll_digest, ''::bytea) from (${page}::integer + 1) * 32 + 1)
    where p.user_id = ${userId}::uuid and p.platform = ${platform}`)
}

/** Whether this page of the last poll was the same. */
export async function isPolledBefore(
  db: Db,
  { userId, platform }: ConnectionKey,
  { page, digest }: PolledPage,
): Promise<boolean> {
  const { rowCount } = await db.query(sql`
    select from ops.sync_plans p where p.user_id = ${userId}::uuid and p.platform = ${platform}
      and substring(p.poll_digest from ${page}::integer * 32 + 1 for 32) = ${digest}::bytea`)
  return rowCount === 1
}
