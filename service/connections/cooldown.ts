import type { Db } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'
import type { ConnectionKey } from './services.ts'

const LONGEST_MS = 15 * 60_000

/** After a refresh that failed: each further failure doubles the wait, up to a quarter of an hour. Newer tokens are not held up. */
export async function coolDown(
  db: Db,
  { userId, platform }: ConnectionKey,
  { version, cooldownMs }: { version: string; cooldownMs: number },
): Promise<void> {
  await db.query(sql`
    update vault.tokens set
      refresh_failures = refresh_failures + 1,
      refresh_not_before = clock_timestamp() + interval '1 millisecond'
        * least(${cooldownMs}::integer * power(2, least(refresh_failures, 10)), ${LONGEST_MS}::integer)
    where user_id = ${userId}::uuid and platform = ${platform} and token_version = ${version}::bigint`)
}

/** New tokens: what failed before says nothing about them. */
export async function endCooldown(db: Db, { userId, platform }: ConnectionKey): Promise<void> {
  await db.query(sql`
    update vault.tokens set refresh_failures = 0, refresh_not_before = null
    where user_id = ${userId}::uuid and platform = ${platform} and (refresh_failures > 0 or refresh_not_before is not null)`)
}

/** How many failures in a row, of whichever connections, stop everybody: a wrong client secret is wrong for all of them. */
const PAUSE_AFTER = { rate_limited: 1, misconfigured: 3, unavailable: 5 } as const
export type EndpointFailure = keyof typeof PAUSE_AFTER

/**
 * Whether the token endpoint may be asked now, or why not. While it is paused nobody asks; then one caller at a time is let through,
 * across all processes, until one succeeds.
 */
export async function askPermission(
  db: Db,
  platform: string,
  { probeMs }: { probeMs: number },
): Promise<'go' | EndpointFailure> {
  const { rows } = await db.query<{ reason: EndpointFailure | null }>(sql`
    with probe as (
      update ops.token_endpoints
      set paused_until = clock_timestamp() + ${probeMs}::integer * interval '1 millisecond', updated_at = clock_timestamp()
      where platform = ${platform} and paused_until <= clock_timestamp()
      returning platform
    )
    select reason from ops.token_endpoints e
    where e.platform = ${platform} and e.paused_until is not null and not exists (select 1 from probe)`)
  const paused = rows[0]
  return paused === undefined ? 'go' : (paused.reason ?? 'unavailable')
}

export async function noteEndpointFailure(
  db: Db,
  platform: string,
  { reason, pauseMs }: { reason: EndpointFailure; pauseMs: number },
): Promise<void> {
  await db.query(sql`
    insert into ops.token_endpoints as e (platform, failures, reason, paused_until)
    values (${platform}, 1, ${reason},
      case when ${PAUSE_AFTER[reason]}::integer <= 1 then clock_timestamp() + ${pauseMs}::integer * interval '1 millisecond' end)
    on conflict (platform) do update set
      failures = e.failures + 1, reason = excluded.reason, updated_at = clock_timestamp(),
      paused_until = case when e.failures + 1 >= ${PAUSE_AFTER[reason]}::integer
        then clock_timestamp() + ${pauseMs}::integer * interval '1 millisecond' end`)
}

/** It answered as it should, a no to one person's token included. */
export async function noteEndpointIsWell(db: Db, platform: string): Promise<void> {
  await db.query(sql`
    update ops.token_endpoints set failures = 0, reason = null, paused_until = null, updated_at = clock_timestamp()
    where platform = ${platform} and (failures > 0 or paused_until is not null)`)
}
