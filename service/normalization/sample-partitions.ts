import type { SampleRecord } from '../platforms/records.ts'
import type { Db } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'

/** Measurements are backdated by years, so the months they fall in are made when they are needed. */
export type EnsureSamplePartitions = (samples: readonly SampleRecord[]) => Promise<void>

/** Asks the database once for each month in the life of a process; making one locks the table, so it has a transaction of its own. */
export function createSamplePartitions(db: Db): EnsureSamplePartitions {
  const known = new Set<string>()
  return async (samples) => {
    const months = new Set(samples.map(({ startedAt }) => `${startedAt.toISOString().slice(0, 7)}-01`))
    const missing = [...months].filter((month) => !known.has(month))
    if (missing.length === 0) return
    await db.query(sql`select ops.create_sample_partitions(${missing}::date[])`)
    for (const month of missing) known.add(month)
  }
}
