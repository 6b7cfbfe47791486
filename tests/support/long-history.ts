import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { createTemporaryDirectory } from '../../database/temporary.ts'
import type { TestDatabase } from './database.ts'
import { type TestService, testWithStrava } from './service.ts'

const HOUR_MS = 3_600_000

interface LongHistory {
  readonly activities: number
  readonly everyHours: number
  /** Most that the platform gives at once. */
  readonly pageSize: number
}

/** A Strava whose list has so many full pages, an activity every four hours, and whose request limit never binds. */
export function testWithPages(pages: number) {
  return testWithHistory({ activities: pages * 200, everyHours: 4, pageSize: 200 })
}

/** The same with a list of any measure. */
export function testWithHistory({ activities: count, everyHours, pageSize }: LongHistory) {
  const directory = createTemporaryDirectory()
  afterAll(() => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, 'activities.json')
  const newest = Date.now() - HOUR_MS
  const activities = Array.from({ length: count }, (_, index) => {
    const start = new Date(newest - index * everyHours * HOUR_MS).toISOString().replace(/\.\d+Z$/, 'Z')
    return {
      resource_state: 2,
      id: 1_000_000 + index,
      name: `Run ${index}`,
      type: 'Run',
      sport_type: 'Run',
      start_date: start,
      start_date_local: start,
      timezone: '(GMT+00:00) UTC',
      utc_offset: 0,
      distance: 5000 + index,
      moving_time: 1800,
      elapsed_time: 1800,
      visibility: 'everyone',
    }
  })
  writeFileSync(file, JSON.stringify(activities))
  return testWithStrava({
    STRAVA_SIMULATOR_ACTIVITIES: file,
    STRAVA_SIMULATOR_PAGE_SIZE: String(pageSize),
    STRAVA_SIMULATOR_RATE_LIMITS: '1000000,1000000,1000000,1000000',
  })
}

/** Only so many requests for history can be made from now on. */
export async function allowRequests(db: TestDatabase, requests: number): Promise<void> {
  await db.admin.query(
    "update ops.request_budgets set quota = 1000000, used = 800000 - $1::integer where platform = 'strava'",
    [requests],
  )
  await db.admin.query('update graphile_worker._private_jobs set run_at = now()')
}

export async function listRequests(service: TestService): Promise<number> {
  const counts = (await service.simulate('GET', '/requests')) as Readonly<Record<string, number>>
  return Object.entries(counts)
    .filter(([path]) => path.includes('/athlete/activities'))
    .reduce((sum, [, count]) => sum + count, 0)
}

/** Every activity id in the raw pages, each as often as it was stored. */
export async function storedIds(db: TestDatabase): Promise<readonly string[]> {
  const { rows } = await db.admin.query<{ id: string }>(`
    select activity ->> 'id' as id from raw_fitness_data, jsonb_array_elements(raw_data) as activity where data_type = 'activity_list'`)
  return rows.map(({ id }) => id)
}

export async function servedIds({ simulate }: TestService): Promise<readonly string[]> {
  const activities = (await simulate('GET', '/athletes/1/activities')) as readonly { id: number }[]
  return activities.map(({ id }) => String(id))
}

export const runsOf = async (db: TestDatabase, kind: string) =>
  (
    await db.admin.query<Record<string, unknown>>(
      'select id, status, pages_fetched, records_fetched, error_code, asked_by, since, results from sync_runs where kind = $1 order by started_at',
      [kind],
    )
  ).rows
