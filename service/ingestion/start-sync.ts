import type { Platforms } from '../platforms/contract.ts'
import type { Database, Tx } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { enqueue, PRIORITY } from '../runtime/jobs.ts'
import { sql } from '../runtime/sql.ts'
import { importHistory } from './import-history.task.ts'
import { queueBackfill } from './request-backfill.task.ts'
import { insertRun } from './runs.ts'
import { apiOf, type ConnectionKey } from './services.ts'
import { lockConsent } from './store-raw.ts'

const DAY_MS = 86_400_000
/** A ride uploaded late has an old start: each sync looks back this far behind the last one. */
const OVERLAP_DAYS = 14
/** A wrong device clock can date an activity ahead of now. */
const AHEAD_DAYS = 1

/** Queues the import of everything the platform has, newest first. Answers the run's id. */
export async function queueHistory(platforms: Platforms, tx: Tx, key: ConnectionKey): Promise<string> {
  return queueRun(platforms, tx, { ...key, kind: 'history', since: new Date(0) })
}

/** Queues a look for what is new. Throws consent/required, connection/not_found, connection/reauth_required. */
export async function syncNow(
  services: { db: Database; platforms: Platforms },
  key: ConnectionKey,
): Promise<{ runId: string }> {
  apiOf(services.platforms, key.platform)
  return services.db.transaction(async (tx) => {
    const { rows } = await tx.query<{ status: string; last_synced_at: Date | null }>(sql`
      select status, last_synced_at from public.connections
      where user_id = ${key.userId}::uuid and platform = ${key.platform} and status <> 'disconnected' for update`)
    const connection = rows[0]
    if (connection === undefined) throw new AppError('connection/not_found', { platform: key.platform })
    if (connection.status === 'needs_reauth')
      throw new AppError('connection/reauth_required', { platform: key.platform })
    if (!(await lockConsent(tx, key))) throw new AppError('consent/required', { platform: key.platform })
    const since =
      connection.last_synced_at === null
        ? new Date(0)
        : new Date(connection.last_synced_at.getTime() - OVERLAP_DAYS * DAY_MS)
    return { runId: await queueRun(services.platforms, tx, { ...key, kind: 'incremental', since }) }
  })
}

/**
 * After a time without consent: queues what was missed, where there is a connection; the whole history where that was never finished.
 * What people upload themselves comes by itself.
 */
export async function catchUp(platforms: Platforms, tx: Tx, key: ConnectionKey): Promise<void> {
  if (platforms.get(key.platform)?.api === undefined) return
  const { rows } = await tx.query<{ lastSyncedAt: Date | null; isWhole: boolean }>(sql`
    select c.last_synced_at as "lastSyncedAt", exists (
      select from public.sync_runs r
      where r.user_id = c.user_id and r.platform = c.platform and r.kind = 'history' and r.status = 'complete'
        and r.started_at >= c.connected_at) as "isWhole"
    from public.connections c
    where c.user_id = ${key.userId}::uuid and c.platform = ${key.platform} and c.status in ('active', 'limited')`)
  const connection = rows[0]
  if (connection === undefined) return
  const from = connection.isWhole ? connection.lastSyncedAt : null
  const since = from === null ? new Date(0) : new Date(from.getTime() - OVERLAP_DAYS * DAY_MS)
  await queueRun(platforms, tx, { ...key, kind: from === null ? 'history' : 'incremental', since })
}

async function queueRun(
  platforms: Platforms,
  tx: Tx,
  { userId, platform, kind, since }: ConnectionKey & { kind: 'history' | 'incremental'; since: Date },
): Promise<string> {
  const { api } = apiOf(platforms, platform)
  if (api.history === undefined) return queueBackfill(tx, { userId, platform, kind }, api.backfill)
  const until = new Date(Date.now() + AHEAD_DAYS * DAY_MS)
  const { runId } = await insertRun(tx, { userId, platform, kind, since, until, cursor: api.history.first(until) })
  const priority = kind === 'incremental' ? PRIORITY.interactive : PRIORITY.history
  await enqueue(tx, importHistory, { payload: { userId, runId }, priority })
  return runId
}
