import { z } from 'zod'
import { defineTask } from '../runtime/jobs.ts'
import { sql } from '../runtime/sql.ts'
import type { IngestionServices } from './services.ts'

const MONTHS_AHEAD = 3

/** Months of raw_fitness_data exist before they begin: an insert without its partition would fail. */
export const createPartitions = defineTask<Pick<IngestionServices, 'db'>>()({
  identifier: 'create_partitions',
  payload: z.unknown(),
  jobKey: () => 'create_partitions',
  async run(_payload, { db }) {
    await db.query(sql`select ops.create_monthly_partitions(${MONTHS_AHEAD})`)
    return undefined
  },
})
