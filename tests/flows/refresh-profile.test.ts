import { describe, expect } from 'vitest'
import { refreshProfile } from '../../service/ingestion/refresh-profile.task.ts'
import type { TestDatabase } from '../support/database.ts'
import { ADA } from '../support/people.ts'
import { connect, type TestService, testWithFew as test } from '../support/service.ts'
import { deliver, deliveries } from '../support/strava-deliveries.ts'

const ZONES = JSON.stringify({ heart_rate: { zones: [0, 111, 139, 152, 166].map((min) => ({ min, max: -1 })) } })

async function stored(db: TestDatabase): Promise<string[]> {
  const { rows } = await db.admin.query<{ kind: string }>('select data_type as kind from raw_fitness_data order by 1')
  return rows.map(({ kind }) => kind)
}

/** The task itself, with what was granted and with what the simulated Strava answers, or another answer about zones. */
async function refresh(
  { ingestion }: TestService,
  { granted, zones }: { granted: readonly string[]; zones?: { status: number; text: string } },
) {
  const asked: string[] = []
  const send: typeof ingestion.send = async (request, platform) => {
    asked.push(new URL(request.url).pathname.replace(/^.*v3/, ''))
    const answer = await ingestion.send(request, platform)
    return zones !== undefined && request.url.endsWith('/zones') ? { ...answer, ...zones } : answer
  }
  const services = { ...ingestion, send, findGrantedScopes: async () => granted }
  await refreshProfile.run({ userId: ADA, platform: 'strava', hours: 20 }, services)
  return asked
}

describe('the profile', () => {
  test('brings zones only where the scope was granted, and each part once a day', async ({ db, service }) => {
    await connect(service)
    expect(await refresh(service, { granted: ['activity:read_all'] })).toEqual(['/athlete'])
    expect(await stored(db)).toEqual(['athlete'])
    const granted = ['activity:read_all', 'profile:read_all']
    const answer = { status: 200, text: ZONES }
    expect(await refresh(service, { granted, zones: answer })).toEqual(['/athlete/zones'])
    expect(await stored(db)).toEqual(['athlete', 'athlete_zones'])
    expect(await refresh(service, { granted, zones: answer })).toEqual([])
    // Of a connection that is newer than that, nothing is known.
    await db.admin.query("update connections set connected_at = now() + interval '1 second'")
    expect(await refresh(service, { granted, zones: answer })).toEqual(['/athlete', '/athlete/zones'])
  })

  test('is none of the scopes that a connection needs: Strava may refuse it', async ({ db, service }) => {
    await connect(service)
    // The simulated Strava was not asked for this scope, and says that it is missing.
    await refresh(service, { granted: ['activity:read_all', 'profile:read_all'] })
    expect(await stored(db)).toEqual(['athlete'])
    const { rows } = await db.admin.query('select status, missing_scopes from connections')
    expect(rows).toEqual([{ status: 'active', missing_scopes: [] }])
  })

  test('is brought by an event about the athlete, not more often than once an hour', async ({ db, service }) => {
    await connect(service)
    await service.work()
    // It comes a minute after the history.
    await db.admin.query("update graphile_worker._private_jobs set run_at = now() where key like 'refresh_profile:%'")
    await service.work()
    const changed = { object_type: 'athlete', object_id: 1, aspect_type: 'update', updates: { weight: '70' } }
    const profiles = async () => {
      const { rowCount } = await db.admin.query("select from raw_fitness_data where data_type = 'athlete'")
      return rowCount
    }
    expect(await profiles()).toBe(1)
    await deliver(service, changed)
    await service.work()
    expect(await profiles()).toBe(1)
    await db.admin.query(`
      update raw_fitness_data set created_at = created_at - interval '61 minutes' where data_type = 'athlete';
      update connections set connected_at = connected_at - interval '2 hours'`)
    await deliver(service, { ...changed, event_time: 2 })
    await service.work()
    expect(await profiles()).toBe(2)
    expect(await deliveries(db)).toEqual(Array.from({ length: 2 }, () => ({ state: 'processed', outcome: 'profile' })))
  })
})
