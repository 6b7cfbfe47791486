import type { ConfiguredPlatform, Platforms } from '../platforms/contract.ts'
import type { Database, Tx } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { enqueue } from '../runtime/jobs.ts'
import { sql } from '../runtime/sql.ts'
import { importHistory } from './import-history.task.ts'
import { queueBackfill } from './request-backfill.task.ts'
import { type AskedBy, insertRun, type RunResult } from './runs.ts'
import { apiOf, type ConnectionKey } from './services.ts'
import { lockConsent } from './store-raw.ts'
import { OVERLAP_MS, priorityOf } from './sync-rules.ts'

const DAY_MS = 86_400_000
/** A wrong device clock can date an activity ahead of now. */
const AHEAD_DAYS = 1

export interface SyncServices {
  readonly db: Database
  readonly platforms: Platforms
}

type Asked = ConnectionKey & { readonly askedBy: AskedBy }

/** Queues the import of everything the platform has and that was not read before, newest first. Answers the run's id. */
export async function queueHistory(platforms: Platforms, tx: Tx, key: ConnectionKey): Promise<string> {
  return queueRun(platforms, tx, { ...key, kind: 'history', since: new Date(0), askedBy: 'connection' })
}

/** Queues a look for what is new. Throws consent/required, connection/not_found, connection/reauth_required. */
export async function syncNow({ db, platforms }: SyncServices, asked: Asked): Promise<{ runId: string }> {
  apiOf(platforms, asked.platform)
  return db.transaction(async (tx) => ({ runId: await queueIncremental(platforms, tx, asked) }))
}

/**
 * Queues the import of so many years, or as many as the platform allows: the run's results say so. What was read before is passed over.
 * Throws consent/required, connection/not_found, connection/reauth_required, platform/unknown, platform/not_configured.
 */
export async function startHistory(
  { db, platforms }: SyncServices,
  { years, ...asked }: Asked & { readonly years: number },
): Promise<{ runId: string }> {
  apiOf(platforms, asked.platform)
  return db.transaction(async (tx) => {
    await lockSyncable(tx, asked)
    const since = new Date()
    since.setUTCFullYear(since.getUTCFullYear() - years)
    return { runId: await queueRun(platforms, tx, { ...asked, kind: 'history', since }) }
  })
}

/** As `syncNow`, in the caller's transaction: from what the last complete look had seen, with an overlap. */
export async function queueIncremental(platforms: Platforms, tx: Tx, asked: Asked): Promise<string> {
  const { syncedThrough } = await lockSyncable(tx, asked)
  const since = syncedThrough === null ? new Date(0) : new Date(syncedThrough.getTime() - OVERLAP_MS)
  return queueRun(platforms, tx, { ...asked, kind: 'incremental', since })
}

/**
 * After a time without consent: queues what was missed, where there is a connection; the whole history where that was never finished.
 * What people upload themselves comes by itself.
 */
export async function catchUp(platforms: Platforms, tx: Tx, key: ConnectionKey): Promise<void> {
  if (platforms.get(key.platform)?.api === undefined) return
  const { rows } = await tx.query<{ syncedThrough: Date | null }>(sql`
    select c.synced_through as "syncedThrough" from public.connections c
    where c.user_id = ${key.userId}::uuid and c.platform = ${key.platform} and c.status in ('active', 'limited')`)
  const connection = rows[0]
  if (connection === undefined) return
  const asked = { ...key, askedBy: 'connection' } as const
  await (connection.syncedThrough === null ? queueHistory(platforms, tx, key) : queueIncremental(platforms, tx, asked))
}

/** Throws consent/required, connection/not_found, connection/reauth_required. */
export async function lockSyncable(
  tx: Tx,
  { userId, platform }: ConnectionKey,
): Promise<{ syncedThrough: Date | null }> {
  // Before the connection: see lockForRun.
  const agreed = await lockConsent(tx, { userId, platform })
  const { rows } = await tx.query<{ status: string; syncedThrough: Date | null }>(sql`
    select status, synced_through as "syncedThrough" from public.connections
    where user_id = ${userId}::uuid and platform = ${platform} and status <> 'disconnected' for update`)
  const connection = rows[0]
  if (connection === undefined) throw new AppError('connection/not_found', { platform })
  if (connection.status === 'needs_reauth') throw new AppError('connection/reauth_required', { platform })
  if (!agreed) throw new AppError('consent/required', { platform })
  return connection
}

async function queueRun(
  platforms: Platforms,
  tx: Tx,
  { kind, since, ...asked }: Asked & { kind: 'history' | 'incremental'; since: Date },
): Promise<string> {
  const { platform, api } = apiOf(platforms, asked.platform)
  const results = kind === 'history' ? listLacking(platform) : []
  if (api.history === undefined) return queueBackfill(tx, { ...asked, kind, since, results }, api.backfill)
  const until = new Date(Date.now() + AHEAD_DAYS * DAY_MS)
  const { runId } = await insertRun(tx, { ...asked, kind, since, until, cursor: api.history.first(until), results })
  await enqueue(tx, importHistory, {
    payload: { userId: asked.userId, runId },
    priority: priorityOf({ ...asked, kind }),
  })
  return runId
}

// Time in zones is an extra of activities, for which nobody waits.
const KINDS = ['activities', 'activity_streams', 'activity_laps', 'daily_metrics', 'sleep_sessions', 'samples'] as const

/** What this platform does not have at all: said at once, so that nobody waits for it. */
function listLacking({ coverage }: ConfiguredPlatform): readonly RunResult[] {
  return KINDS.filter((kind) => !coverage.includes(kind)).map((kind) => ({
    data_type: kind,
    outcome: 'not_available',
    records: 0,
    reason: 'not_at_this_platform',
  }))
}
