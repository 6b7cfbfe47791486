import { describe, expect } from 'vitest'
import { releaseDead } from '../../service/runtime/worker-heartbeat.ts'
import type { TestDatabase } from '../support/database.ts'
import { ADA } from '../support/people.ts'
import { connect, type TestService, testWithFew as test } from '../support/service.ts'

/** As the event route would queue them, had Hasura delivered its events. */
async function queueNormalization(db: TestDatabase): Promise<void> {
  await db.admin.query(`
    select graphile_worker.add_job('normalize_raw_data', job_key => 'normalize_raw_data:' || id,
      payload => json_build_object('userId', user_id, 'createdAt', created_at::text, 'rawId', id))
    from raw_fitness_data`)
}

async function importEverything(db: TestDatabase, service: TestService): Promise<void> {
  await connect(service)
  await service.work()
  // Its turn comes in five seconds; a slow machine would see it in the middle of a comparison.
  await db.admin.query("delete from graphile_worker._private_jobs where key like 'enrich_activities:%'")
  await queueNormalization(db)
  await service.work()
}

/** Everything that was derived from raw data, with the time of its last change. */
async function derived(db: TestDatabase): Promise<unknown> {
  const tables = ['activities', 'daily_metrics', 'user_fitness_summary']
  const contents = await Promise.all(
    tables.map(async (table) => (await db.admin.query(`select * from ${table} order by 1, 2, 3, 4`)).rows),
  )
  const { rows } = await db.admin.query(`
    select local_day::text, activity_count, distance_m, moving_time_s, heart_rate_mean_bpm, sports, sources
    from daily_summaries order by local_day`)
  return [...contents, rows]
}

describe('normalization', () => {
  test('of every raw row once more changes nothing', async ({ db, service }) => {
    await importEverything(db, service)
    const before = await derived(db)
    await queueNormalization(db)
    await service.work()
    expect(await derived(db)).toEqual(before)
  })

  test('in any order gives the same rows', async ({ db, service }) => {
    await importEverything(db, service)
    const newest = "select name, source_id from activities where name = 'Newest name'"
    const page = (name: string) => JSON.stringify([{ ...plainRun, name }])
    const insert = `insert into raw_fitness_data (user_id, platform, data_type, raw_data, metadata, received_at)
      values ($1, 'strava', 'activity_list', $2, '{}', now() + $3::interval)`
    await db.service.query(insert, [ADA, page('Newest name'), '2 hours'])
    await queueNormalization(db)
    await service.work()
    await db.service.query(insert, [ADA, page('Older name'), '1 hour'])
    await queueNormalization(db)
    await service.work()
    expect((await db.admin.query(newest)).rows).toEqual([{ name: 'Newest name', source_id: '77' }])
  })

  test('leaves out a bad field, rejects what has no id, and keeps the others of its page', async ({ db, service }) => {
    await connect(service)
    const bad = [
      { ...plainRun, id: 78, distance: 'canary' },
      { ...plainRun, id: 'canary' },
    ]
    const records = [plainRun, ...bad, { ...plainRun, id: 79 }]
    await insertPage(db, records)
    await queueNormalization(db)
    await service.work()
    const { rows } = await db.admin.query(
      "select source_id, distance_m is null as lacks from activities where source_id in ('77', '78', '79') order by 1",
    )
    expect(rows).toEqual([
      { source_id: '77', lacks: false },
      { source_id: '78', lacks: true },
      { source_id: '79', lacks: false },
    ])
    const rejected = await db.admin.query<{ position: number; reason: string }>(
      'select position, reason from ops.rejected_records order by position',
    )
    expect(rejected.rows).toEqual([
      { position: 1, reason: 'distance: invalid_type' },
      { position: 2, reason: 'id: invalid_union' },
    ])
  })

  test('keeps a payload it cannot read at all, marked and with the reason', async ({ db, service }) => {
    await connect(service)
    await insertPage(db, { not: 'a list' })
    await queueNormalization(db)
    await service.work()
    const { rows } = await db.admin.query(`
      select r.reason, d.processed_at is not null as processed from ops.rejected_records r
      join raw_fitness_data d on d.id = r.raw_id`)
    expect(rows).toEqual([{ reason: 'platform/unexpected_payload: not_a_list', processed: true }])
  })

  test('waits for its activity when a series comes first', async ({ db, service }) => {
    await connect(service)
    const streams = { time: { data: [0, 1] }, heartrate: { data: [120, null] } }
    await db.service.query(
      `insert into raw_fitness_data (user_id, platform, data_type, raw_data, metadata)
       values ($1, 'strava', 'activity_streams', $2, '{"source_id": "77"}')`,
      [ADA, JSON.stringify(streams)],
    )
    await queueNormalization(db)
    await service.work()
    expect((await db.admin.query('select from activity_streams')).rowCount).toBe(0)
    await insertPage(db, [plainRun])
    await db.admin.query('update graphile_worker._private_jobs set run_at = now()')
    await queueNormalization(db)
    await service.work()
    await db.admin.query('update graphile_worker._private_jobs set run_at = now()')
    await service.work()
    const { rows } = await db.admin.query('select kind, offsets_s, "values"::text from activity_streams')
    expect(rows).toEqual([{ kind: 'heart_rate_bpm', offsets_s: [0, 1], values: '{120,NULL}' }])
  })

  test('of a payload whose event was lost is picked up by the sweep, after a minute', async ({ db, service }) => {
    await connect(service)
    const old = `insert into raw_fitness_data (user_id, platform, data_type, raw_data, metadata, created_at)
      values ($1, 'strava', 'activity_list', $2, '{}', greatest(date_trunc('month', now()), now() - $3::interval))`
    await db.service.query(old, [ADA, JSON.stringify([plainRun]), '2 minutes'])
    await db.service.query(old, [ADA, JSON.stringify([{ ...plainRun, id: 78 }]), '0 minutes'])
    await db.service.query("select graphile_worker.add_job('sweep_unprocessed', '{}')")
    await service.work()
    const { rows } = await db.admin.query("select source_id from activities where source_id in ('77', '78')")
    expect(rows).toEqual([{ source_id: '77' }])
  })

  test('whose job is in dead_letters is left alone by the sweep', async ({ db, service }) => {
    await connect(service)
    const { rows } = await db.service.query<{ id: string }>(
      `insert into raw_fitness_data (user_id, platform, data_type, raw_data, metadata, created_at)
       values ($1, 'strava', 'activity_list', '[]', '{}', greatest(date_trunc('month', now()), now() - interval '2 minutes')) returning id`,
      [ADA],
    )
    await db.admin.query(
      `with letter as (
         insert into dead_letters (task, cause, attempts, queued_at) values ('normalize_raw_data', 'internal/unexpected', 3, now()) returning id)
       insert into ops.dead_jobs (dead_letter_id, task, job_key, payload, priority, max_attempts)
       select id, 'normalize_raw_data', 'normalize_raw_data:' || $1, '{}', 0, 3 from letter`,
      [rows[0]!.id],
    )
    await db.service.query("select graphile_worker.add_job('sweep_unprocessed', '{}')")
    await service.work()
    expect(
      (await db.admin.query('select from raw_fitness_data where processed_at is null and id = $1', [rows[0]!.id]))
        .rowCount,
    ).toBe(1)
  })
})

describe('the jobs of a worker that was killed', () => {
  test('go back to the queue once it is silent for 15 seconds, and not before', async ({ db, service }) => {
    await db.admin.query("select graphile_worker.add_job('create_partitions', '{}')")
    await db.admin.query("update graphile_worker._private_jobs set locked_at = now(), locked_by = 'dead-pool'")
    const beatAgo = (interval: string) =>
      db.admin.query(
        `insert into ops.workers (pool_id, seen_at) values ('dead-pool', now() - $1::interval)
         on conflict (pool_id) do update set seen_at = excluded.seen_at`,
        [interval],
      )
    const locked = async () =>
      (await db.admin.query('select from graphile_worker.jobs where locked_by is not null')).rowCount
    await beatAgo('10 seconds')
    expect(await releaseDead(service.db, service.log)).toBe(0)
    expect(await locked()).toBe(1)
    await beatAgo('16 seconds')
    expect(await releaseDead(service.db, service.log)).toBe(1)
    expect(await locked()).toBe(0)
  })
})

const plainRun = {
  id: 77,
  name: 'Morning Run',
  sport_type: 'Run',
  type: 'Run',
  distance: 10_000.5,
  moving_time: 3000,
  elapsed_time: 3100,
  total_elevation_gain: 10,
  start_date: '2026-03-01T06:30:00Z',
  start_date_local: '2026-03-01T07:30:00Z',
  timezone: '(GMT+01:00) Europe/Berlin',
  utc_offset: 3600,
}

async function insertPage(db: TestDatabase, payload: unknown): Promise<void> {
  await db.service.query(
    `insert into raw_fitness_data (user_id, platform, data_type, raw_data, metadata) values ($1, 'strava', 'activity_list', $2, '{}')`,
    [ADA, JSON.stringify(payload)],
  )
}
