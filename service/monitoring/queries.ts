import type { Db } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'

export async function countConnections(db: Db): Promise<readonly { platform: string; connections: number }[]> {
  const { rows } = await db.query<{ platform: string; connections: number }>(sql`
    select p.id as platform, count(c.user_id)::integer as connections
    from public.platforms p left join public.connections c on c.platform = p.id and c.status in ('active', 'limited')
    group by p.id order by p.id`)
  return rows
}

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

/** Paused, or being probed. */
export async function findPausedEndpoints(db: Db): Promise<readonly { platform: string; reason: string }[]> {
  const { rows } = await db.query<{ platform: string; reason: string }>(sql`
    select platform, coalesce(reason, 'unavailable') as reason from ops.token_endpoints where paused_until is not null`)
  return rows
}
