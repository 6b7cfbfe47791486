import type { Db } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'

export async function pingDatabase(db: Db): Promise<void> {
  await db.query(sql`select 1 from public.platforms limit 1`)
}

/** Jobs that are due, and how long the oldest of them has waited. */
export async function measureQueue(db: Db): Promise<{ due: number; oldest_seconds: number }> {
  const { rows } = await db.query<{ due: number; oldest_seconds: number }>(sql`
    select count(*)::integer as due, coalesce(extract(epoch from now() - min(run_at)), 0)::integer as oldest_seconds
    from graphile_worker.jobs where run_at <= now() and locked_at is null and attempts < max_attempts`)
  return rows[0] ?? { due: 0, oldest_seconds: 0 }
}

/** Platforms that are left alone at present, or whose token endpoint refuses everybody. */
export async function findTroubledPlatforms(db: Db): Promise<ReadonlySet<string>> {
  const { rows } = await db.query<{ platform: string }>(sql`
    select platform from ops.token_endpoints where paused_until is not null
    union
    select platform from ops.request_pauses where paused_until > now()
    union
    select platform from ops.circuit_breakers where state <> 'closed'`)
  return new Set(rows.map(({ platform }) => platform))
}
