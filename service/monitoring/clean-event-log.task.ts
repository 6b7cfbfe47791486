import { z } from 'zod'
import type { Database, Db } from '../runtime/db.ts'
import { defineTask, PRIORITY } from '../runtime/jobs.ts'
import { sql } from '../runtime/sql.ts'

const BATCH = 10_000

export interface EventLogServices {
  readonly db: Database
  /** What was delivered is kept for so many days, what Hasura gave up on four times as long. */
  readonly eventLogRetentionDays: number
}

/** Hasura's community edition never empties its log of events, which grows by a row, and more for each attempt, with every payload. */
export const cleanEventLog = defineTask<EventLogServices>()({
  identifier: 'clean_event_log',
  payload: z.object({}),
  jobKey: () => 'clean_event_log',
  priority: PRIORITY.enrichment,
  async run(_payload, { db, eventLogRetentionDays }) {
    if (!(await hasEventLog(db))) return undefined
    while ((await deleteBatch(db, eventLogRetentionDays)) === BATCH);
    return undefined
  },
})

async function hasEventLog(db: Db): Promise<boolean> {
  const { rows } = await db.query<{ found: boolean }>(sql`
    select to_regclass('hdb_catalog.event_log') is not null as found`)
  return rows[0]?.found ?? false
}

/** Attempts before their events: older engines have a foreign key between them. */
async function deleteBatch(db: Database, days: number): Promise<number> {
  return db.transaction(async (tx) => {
    const { rows } = await tx.query<{ id: string }>(sql`
      select id from hdb_catalog.event_log
      where (delivered and created_at < now() - make_interval(days => ${days}::integer))
        or (error and created_at < now() - make_interval(days => 4 * ${days}::integer))
      limit ${BATCH}`)
    const ids = rows.map(({ id }) => id)
    await tx.query(sql`delete from hdb_catalog.event_invocation_logs where event_id = any (${ids}::text[])`)
    await tx.query(sql`delete from hdb_catalog.event_log where id = any (${ids}::text[])`)
    return ids.length
  })
}
