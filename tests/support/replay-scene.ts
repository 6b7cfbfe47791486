import { normalizeRaw } from '../../service/normalization/normalize-raw-data.task.ts'
import { RawKey } from '../../service/normalization/raw-key.ts'
import type { ConfiguredPlatform } from '../../service/platforms/contract.ts'
import { sql } from '../../service/runtime/sql.ts'
import type { TestDatabase } from './database.ts'
import type { TestService } from './service.ts'

/** What payloads become, and what is made of that. */
export const DERIVED =
  `activities activity_streams activity_laps activity_zones samples sleep_sessions sleep_stages daily_metrics merged_metrics
  activity_duplicates daily_summaries policy_effects user_fitness_summary`.split(/\s+/)

export type Derived = Readonly<Record<string, readonly string[]>>

/** Every row that was made of payloads, the times of its last change included: table → row → text. */
export async function derived(db: TestDatabase): Promise<Derived> {
  const tables = await Promise.all(
    DERIVED.map(async (table) => {
      const { rows } = await db.admin.query<{ row: string }>(`select t::text as row from ${table} t order by 1`)
      return [table, rows.map(({ row }) => row)] as const
    }),
  )
  return Object.fromEntries(tables)
}

/** As `npm run replay -- --all` does, with the jobs that follow; `fixed`: a platform whose normalizers are others now. */
export async function replay(service: TestService, fixed?: ConfiguredPlatform): Promise<void> {
  const { rows } = await service.db.query<RawKey>(sql`
    select user_id as "userId", created_at::text as "createdAt", id as "rawId" from public.raw_fitness_data order by created_at, id`)
  const platforms = new Map(service.normalization.platforms)
  if (fixed !== undefined) platforms.set(fixed.id, fixed)
  for (const key of rows)
    await normalizeRaw({ ...service.normalization, platforms }, RawKey.parse(key), { replay: true })
  await service.work()
}

/** Ids of rows made anew, and when, differ. */
export function withoutTimes(row: string): string {
  return row
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'id')
    .replace(/2026-11-\d\d [\d:.+"]+|20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d+\+00/g, 'time')
}
