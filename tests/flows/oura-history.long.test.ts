import { describe, expect } from 'vitest'
import { syncNow } from '../../service/ingestion/start-sync.ts'
import { normalizeRaw } from '../../service/normalization/normalize-raw-data.task.ts'
import type { TestDatabase } from '../support/database.ts'
import { normalizeAll, OURA, range, told } from '../support/oura-scene.ts'
import { ADA } from '../support/people.ts'
import { connect, testWithFew as test } from '../support/service.ts'

describe('a person who connects Oura', () => {
  test('gets the whole history, with totals equal to the simulator’s own', async ({ db, service }) => {
    await connect(service, { platform: OURA, query: '&simulate_person=1' })
    await service.work()
    await normalizeAll(service, db)
    // What the account says of the person comes a little later.
    await db.admin.query('update graphile_worker._private_jobs set run_at = now()')
    await service.work()
    await normalizeAll(service, db)
    const { rows: runs } = await db.admin.query(
      "select kind, status, error_code from sync_runs where platform = 'oura' order by kind",
    )
    expect(runs).toEqual([{ kind: 'history', status: 'complete', error_code: null }])
    const days = range()
    const steps = (await told(service, 'daily_activity', days)).reduce((sum, { steps: of }) => sum + Number(of), 0)
    const nights = await told(service, 'sleep', days)
    const workouts = await told(service, 'workout', days)
    const { rows } = await db.admin.query(
      `select
        (select sum(value) from daily_metrics where kind = 'steps' and local_day >= $1 and local_day < $2)::int as steps,
        (select count(*) from sleep_sessions where local_day >= $1 and local_day < $2)::int as nights,
        (select sum(asleep_s) from sleep_sessions where local_day >= $1 and local_day < $2)::int as asleep,
        (select count(*) from activities where local_day >= $1 and local_day < $2)::int as workouts,
        (select sum(distance_m) from activities where local_day >= $1 and local_day < $2)::int as metres,
        (select count(*) from daily_metrics where kind = 'hrv_rmssd_night_mean_ms' and local_day >= $1 and local_day < $2)::int as hrv,
        (select value from daily_metrics where kind = 'body_weight_kg')::float as weight,
        (select count(*) from ops.rejected_records)::int as rejected`,
      [days.from, days.to],
    )
    expect(rows[0]).toEqual({
      steps,
      nights: 28,
      asleep: nights.reduce((sum, { total_sleep_duration: of }) => sum + Number(of), 0),
      workouts: workouts.length,
      metres: workouts.reduce((sum, { distance }) => sum + Number(distance), 0),
      hrv: 28,
      weight: 71.5,
      rejected: 0,
    })
    // A look for what is new asks again, and everything stays as it is.
    const before = await fingerprint(db)
    await syncNow(service.ingestion, { userId: ADA, platform: OURA, askedBy: 'person' })
    await service.work()
    await normalizeAll(service, db)
    expect(await fingerprint(db)).toEqual(before)
    // And so it does when every payload is read again.
    const { rows: payloads } = await db.admin.query(
      'select user_id as "userId", created_at::text as "createdAt", id as "rawId" from raw_fitness_data order by created_at, id',
    )
    for (const key of payloads) await normalizeRaw(service.normalization, key, { replay: true })
    expect(await fingerprint(db)).toEqual(before)
  })
})

async function fingerprint({ admin }: TestDatabase): Promise<unknown> {
  const { rows } = await admin.query(
    `select (select md5(string_agg(s::text, '|' order by s::text)) from (select kind, started_at, ended_at, variant, value, local_day from samples) s) as samples,
      (select md5(string_agg(d::text, '|' order by d::text)) from (select kind, local_day, value from daily_metrics) d) as days,
      (select md5(string_agg(z::text, '|' order by z::text)) from (select source_id, started_at, ended_at, asleep_s, local_day from sleep_sessions) z) as nights`,
  )
  return rows[0]
}
