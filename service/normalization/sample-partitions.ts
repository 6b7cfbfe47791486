import type { Db } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'

/** Measurements are backdated by years, so the months they fall in, each told by its first day, are made when they are needed. */
export type EnsureSamplePartitions = (months: Iterable<string>) => Promise<void>

/** Asks the database once for each month in the life of a process; making one locks the table, so it has a transaction of its own. */
export function createSamplePartitions(db: Db): EnsureSamplePartitions {
  const known = new Set<string>()
  return async (months) => {
    const missing = [...months].filter((month) => !known.has(month))
    if (missing.length === 0) return
    await db.query(sql`select ops.create_sample_partitions(${missing}::date[])`)
    for (const month of missing) known.add(month)
  }
}

export function monthsOf(samples: readonly { readonly startedAt: Date }[]): ReadonlySet<string> {
  return new Set(samples.map(({ startedAt }) => `${startedAt.toISOString().slice(0, 7)}-01`))
}
