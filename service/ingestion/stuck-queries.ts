import type { Db } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'
import type { AskedBy, RunKey, RunKind } from './runs.ts'

// A job that exists, waiting or running, is left alone; so is one in dead_letters: it is retried there, or somebody gave it up.

export async function findStuckDeliveries(db: Db, limit: number): Promise<readonly { deliveryId: string }[]> {
  const { rows } = await db.query<{ deliveryId: string }>(sql`
    select d.id as "deliveryId" from ops.webhook_deliveries d
    where d.state = 'received' and d.received_at < now() - interval '2 minutes' and ops.has_no_job('process_delivery:' || d.id)
    order by d.received_at limit ${limit}::integer`)
  return rows
}

export async function findStuckCallbacks(
  db: Db,
  limit: number,
): Promise<readonly { userId: string; callbackId: string }[]> {
  const { rows } = await db.query<{ userId: string; callbackId: string }>(sql`
    select c.user_id as "userId", c.id as "callbackId" from ops.callbacks c
    where c.state = 'waiting' and c.created_at < now() - interval '2 minutes' and ops.has_no_job('follow_callback:' || c.id)
    order by c.created_at limit ${limit}::integer`)
  return rows
}

export interface StuckRun extends RunKey {
  readonly platform: string
  readonly kind: RunKind
  readonly askedBy: AskedBy
}

/** Uploads are left out: their person goes on with them, or they are abandoned. */
export async function findStuckRuns(db: Db, limit: number): Promise<readonly StuckRun[]> {
  const { rows } = await db.query<StuckRun>(sql`
    select r.user_id as "userId", r.id as "runId", r.platform, r.kind, r.asked_by as "askedBy" from public.sync_runs r
    where r.status = 'running' and r.kind <> 'upload' and r.updated_at < now() - interval '2 minutes'
      and ops.has_no_job('import_history:' || r.id) and ops.has_no_job('request_backfill:' || r.id)
      and ops.has_no_job('enrich_activities:' || r.id) and ops.has_no_job('reconcile_connection:' || r.id)
    order by r.updated_at limit ${limit}::integer`)
  return rows
}
