import type { TestDatabase } from './database.ts'
import { normalizeAll } from './garmin-scene.ts'
import { connect, type TestService } from './service.ts'

/** Ada connects Strava, where the last activity is a run of today: details, series and laps are here with it. */
export async function connectWithRunOfToday(service: TestService, db: TestDatabase): Promise<void> {
  await connect(service)
  await service.simulate('POST', '/activity', { athlete_id: 1 })
  await service.work()
  await normalizeAll(service, db)
  // In place of the wait for the details' turn.
  await db.admin.query("update graphile_worker._private_jobs set run_at = now() where key like 'enrich_activities:%'")
  await service.work()
  await normalizeAll(service, db)
  await service.work()
}
