import { describe, expect } from 'vitest'
import type { TestDatabase } from '../support/database.ts'
import { connect, type TestService, test } from '../support/service.ts'

/** As Hasura's events would have it. */
async function normalize(db: TestDatabase, service: TestService): Promise<void> {
  await db.admin.query(`
    select graphile_worker.add_job('normalize_raw_data', job_key => 'normalize_raw_data:' || id,
      payload => json_build_object('userId', user_id, 'createdAt', created_at::text, 'rawId', id))
    from raw_fitness_data where processed_at is null`)
  await service.work()
}

/** Its turn comes in five seconds, in which a slow machine is still normalizing. */
const postpone = (db: TestDatabase) =>
  db.admin.query(
    "update graphile_worker._private_jobs set run_at = now() + interval '1 hour' where key like 'enrich_activities:%'",
  )

const startNow = (db: TestDatabase) =>
  db.admin.query("update graphile_worker._private_jobs set run_at = now() where key like 'enrich_activities:%'")

async function run(db: TestDatabase): Promise<unknown> {
  const { rows } = await db.admin.query("select status, progress::float from sync_runs where kind = 'enrichment'")
  return rows[0]
}

describe('details and series', () => {
  test('are fetched after the history, for recent activities only, and end as energy and series', async ({
    db,
    service,
  }) => {
    await connect(service)
    await service.work()
    expect(await run(db)).toEqual({ status: 'running', progress: 0 })
    await normalize(db, service)
    await startNow(db)
    await service.work()
    expect(await run(db)).toEqual({ status: 'complete', progress: 1 })
    await db.admin.query("update graphile_worker._private_jobs set run_at = now() where key like 'refresh_profile:%'")
    await service.work()
    await normalize(db, service)
    // The test service asks for the last seven days.
    const { rows } = await db.admin.query(`
      select count(*) filter (where recent and details_observed_at is null)::int as recent_without,
        count(*) filter (where not recent and details_observed_at is not null)::int as older_with,
        count(*) filter (where recent)::int > 0 as some_recent
      from (select details_observed_at, local_day > (now() - interval '7 days')::date as recent from activities) as a`)
    expect(rows).toEqual([{ recent_without: 0, older_with: 0, some_recent: true }])
    const { rows: series } = await db.admin.query<{ kinds: string[] }>(`
      select array_agg(distinct kind order by kind) as kinds from activity_streams where cardinality("values") > 60`)
    expect(series[0]?.kinds).toContain('heart_rate_bpm')
    const { rows: laps } = await db.admin.query('select from activity_laps')
    expect(laps.length).toBeGreaterThan(0)
    // The season's heart-rate zones are five, and their seconds those of the activity.
    const { rows: zones } = await db.admin.query(`
      select bool_and(zones = 5 and seconds = moving_time_s) as whole, count(*) > 0 as some from (
        select count(*) as zones, sum(z.time_s) as seconds, a.moving_time_s
        from activity_zones z join activities a on a.user_id = z.user_id and a.id = z.activity_id group by a.id, a.moving_time_s) t`)
    expect(zones).toEqual([{ whole: true, some: true }])
    const { rows: weights } = await db.admin.query(
      "select local_day = (now() at time zone 'UTC')::date as today, value > 40 as plausible from daily_metrics where kind = 'body_weight_kg'",
    )
    expect(weights).toEqual([{ today: true, plausible: true }])
    const { rows: energy } = await db.admin.query("select from daily_metrics where kind = 'activity_energy_kcal'")
    expect(energy.length).toBeGreaterThan(0)
  }, 60_000)

  test('come without zones for whoever is no subscriber, who is asked about once', async ({ db, service }) => {
    await connect(service)
    await service.work()
    await postpone(db)
    await normalize(db, service)
    await service.simulate('POST', '/faults', { next: [{ match: '/zones', status: 402, count: 100 }] })
    await startNow(db)
    await service.work()
    expect(await run(db)).toEqual({ status: 'complete', progress: 1 })
    const requests = Object.entries((await service.simulate('GET', '/requests')) as Record<string, number>)
    const of = (path: string) => requests.filter(([name]) => name.includes(path)).reduce((sum, [, n]) => sum + n, 0)
    expect(of('/streams')).toBeGreaterThan(1)
    expect(of('/zones')).toBe(1)
    const { rows } = await db.admin.query('select status from connections')
    expect(rows).toEqual([{ status: 'active' }])
  }, 60_000)

  test('leave out what is gone, which is removed', async ({ db, service }) => {
    await connect(service)
    await service.work()
    await postpone(db)
    await normalize(db, service)
    await db.admin.query(
      "update activities set source_id = '424242' where started_at = (select max(started_at) from activities)",
    )
    await startNow(db)
    await service.work()
    await normalize(db, service)
    const { rows } = await db.admin.query(`
      select (select count(*)::int from activities where source_id = '424242') as left,
        (select count(*)::int from raw_fitness_data where data_type = 'activity_deletion') as notes`)
    expect(rows).toEqual([{ left: 0, notes: 1 }])
    const requests = JSON.stringify(await service.simulate('GET', '/requests'))
    expect(requests).not.toContain('424242/streams')
  }, 60_000)

  test('leave half of the request budget to others', async ({ db, service }) => {
    await connect(service)
    await service.work()
    await postpone(db)
    await normalize(db, service)
    await db.admin.query('update ops.request_budgets set used = floor(quota * 0.5)')
    await startNow(db)
    const before = await service.simulate('GET', '/requests')
    await service.work()
    expect(await service.simulate('GET', '/requests')).toEqual(before)
    const { rows } = await db.admin.query(
      "select waiting_until > now() as waits from sync_runs where kind = 'enrichment'",
    )
    expect(rows).toEqual([{ waits: true }])
  }, 60_000)
})
