import type { Database } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'

/** Days in one transaction: a month's worth is fast, and nobody waits long for the person's lock. */
const BATCH = 31

export interface SummaryServices {
  readonly db: Database
  /** Numbers that a platform's policy newly keeps out of the merge. */
  readonly countKeptApart: (platform: string, numbers: number) => void
}

/** Rebuilds all of a person's days that wait for it, the newest first. */
export async function rebuildWaiting(services: SummaryServices, userId: string): Promise<void> {
  while ((await rebuildBatch(services, userId)) === BATCH);
}

/** Answers how many days were waiting, `BATCH` at most. */
async function rebuildBatch({ db, countKeptApart }: SummaryServices, userId: string): Promise<number> {
  const { days, keptApart } = await db.transaction(async (tx) => {
    await tx.query(sql`select pg_advisory_xact_lock(hashtextextended(${`person:${userId}`}::text, 0))`)
    const { rows: waiting } = await tx.query<{ day: string }>(sql`
      delete from ops.summary_rebuilds where user_id = ${userId}::uuid and local_day = any (array(
        select local_day from ops.summary_rebuilds where user_id = ${userId}::uuid order by local_day desc limit ${BATCH}))
      returning local_day::text as day`)
    if (waiting.length === 0) return { days: 0, keptApart: {} }
    const { rows } = await tx.query<{ kept_apart: Record<string, number> }>(sql`
      select ops.rebuild_daily_summaries(${userId}::uuid, ${waiting.map((row) => row.day)}::date[]) as kept_apart`)
    return { days: waiting.length, keptApart: rows[0]?.kept_apart ?? {} }
  })
  for (const [platform, numbers] of Object.entries(keptApart)) countKeptApart(platform, numbers)
  return days
}
