import { describe, expect } from 'vitest'
import type { TestDatabase } from '../support/database.ts'
import { ADA, BELA } from '../support/people.ts'
import { type TestService, testWithFew as test } from '../support/service.ts'

const run = (id: number, day: string) => ({
  id,
  name: `Run ${id}`,
  sport_type: 'Run',
  distance: 1000 * id,
  moving_time: 600,
  elapsed_time: 600,
  start_date: `${day}T06:30:00Z`,
  start_date_local: `${day}T07:30:00Z`,
  utc_offset: 3600,
})

interface Payload {
  readonly dataType: string
  readonly payload: unknown
  readonly ageDays: number
  readonly metadata?: object
  readonly userId?: string
  readonly platform?: string
}

/** Payloads of some age, normalized. */
async function receive(db: TestDatabase, service: TestService, payloads: readonly Payload[]): Promise<void> {
  await db.admin.query(`
    do $$ begin for ago in 1..2 loop
      execute format('create table if not exists raw_%s partition of raw_fitness_data for values from (%L) to (%L)', ago,
        date_trunc('month', now()) - ago * interval '1 month', date_trunc('month', now()) - (ago - 1) * interval '1 month');
    end loop; end $$`)
  for (const { dataType, payload, ageDays, metadata = {}, userId = ADA, platform = 'strava' } of payloads)
    await db.service.query(
      `insert into raw_fitness_data (user_id, platform, data_type, raw_data, metadata, received_at, created_at)
       values ($1, $6, $2, $3, $4, now() - make_interval(secs => $5::float8 * 86400), now() - make_interval(secs => $5::float8 * 86400))`,
      [userId, dataType, JSON.stringify(payload), JSON.stringify(metadata), ageDays, platform],
    )
  await db.admin.query(`
    select graphile_worker.add_job('normalize_raw_data', job_key => 'normalize_raw_data:' || id,
      payload => json_build_object('userId', user_id, 'createdAt', created_at::text, 'rawId', id))
    from raw_fitness_data where processed_at is null`)
  await service.work()
}

async function enforce(db: TestDatabase, service: TestService): Promise<void> {
  await db.service.query("select graphile_worker.add_job('enforce_policies', '{}')")
  await service.work()
}

async function connectPeople(db: TestDatabase, policy: object): Promise<void> {
  await db.admin.query("update platforms set policy = policy || $1::jsonb where id = 'strava'", [
    JSON.stringify(policy),
  ])
  for (const [userId, account] of [
    [ADA, '42'],
    [BELA, '43'],
  ]) {
    await db.admin.query('insert into app_users (user_id) values ($1)', [userId])
    await db.admin.query(
      "insert into connections (user_id, platform, status, platform_user_id) values ($1, 'strava', 'active', $2)",
      [userId, account],
    )
  }
}

const ids = async (db: TestDatabase) =>
  (await db.admin.query<{ id: string }>('select source_id as id from activities order by 1')).rows.map(({ id }) => id)
const days = async (db: TestDatabase) =>
  (await db.admin.query<{ day: string }>('select local_day::text as day from daily_summaries order by 1')).rows.map(
    ({ day }) => day,
  )
const effects = async (db: TestDatabase) =>
  (
    await db.admin.query(
      'select user_id, effect, record_type, records::integer from policy_effects order by user_id, effect, record_type',
    )
  ).rows

describe('a policy', () => {
  test('has what is too old deleted, payloads and rows, and its days merged again', async ({ db, service }) => {
    await connectPeople(db, { retentionDays: 7 })
    await receive(db, service, [
      { dataType: 'activity_list', payload: [run(1, '2026-03-01'), run(2, '2026-03-02')], ageDays: 7.1 },
      { dataType: 'activity_list', payload: [run(2, '2026-03-02')], ageDays: 6.9 },
      { dataType: 'activity_list', payload: [run(3, '2026-03-03')], ageDays: 6.9, userId: BELA },
    ])
    expect(await ids(db)).toEqual(['1', '2', '3'])
    await enforce(db, service)
    expect(await ids(db)).toEqual(['2', '3'])
    expect(await days(db)).toEqual(['2026-03-02', '2026-03-03'])
    expect((await db.admin.query('select from raw_fitness_data')).rowCount).toBe(2)
    const counted = [
      { user_id: ADA, effect: 'expired', record_type: 'activities', records: 1 },
      { user_id: ADA, effect: 'expired', record_type: 'raw_fitness_data', records: 1 },
    ]
    expect(await effects(db)).toEqual(counted)
    await enforce(db, service)
    expect(await effects(db)).toEqual(counted)
    const { rows: metrics } = await db.admin.query(
      'select distinct local_day::text as day from daily_metrics order by 1',
    )
    expect(metrics).toEqual([{ day: '2026-03-02' }, { day: '2026-03-03' }])
    await receive(db, service, [{ dataType: 'activity_list', payload: [run(1, '2026-03-01')], ageDays: 8 }])
    await enforce(db, service)
    expect(await effects(db)).toEqual(counted.map((effect) => ({ ...effect, records: 2 })))
    expect(await service.metrics.registry.metrics()).toContain(
      'policy_effects_total{platform="strava",effect="expired"} 4',
    )
  })

  test('without a limit keeps everything', async ({ db, service }) => {
    await connectPeople(db, { retentionDays: null })
    await receive(db, service, [{ dataType: 'activity_list', payload: [run(1, '2026-03-01')], ageDays: 40 }])
    await enforce(db, service)
    expect(await ids(db)).toEqual(['1'])
  })

  test('has what was deleted at the source removed from the payloads too, and a replay does not bring it back', async ({
    db,
    service,
  }) => {
    await connectPeople(db, { retentionDays: null, deleteAfterSourceDeletionHours: 48 })
    await receive(db, service, [
      { dataType: 'activity_list', payload: [run(1, '2026-03-01'), run(2, '2026-03-02')], ageDays: 3 },
      { dataType: 'activity_list', payload: [run(1, '2026-03-01')], ageDays: 3, userId: BELA },
      { dataType: 'activity', payload: run(1, '2026-03-01'), ageDays: 2 },
      { dataType: 'activity_streams', payload: {}, metadata: { source_id: '1' }, ageDays: 2 },
      { dataType: 'activity_deletion', payload: { id: '1' }, metadata: { source_id: '1' }, ageDays: 1 },
    ])
    await enforce(db, service)
    const left = `select data_type, jsonb_path_query_array(raw_data, '$.id')::text as ids from raw_fitness_data
      where user_id = $1 order by data_type`
    expect((await db.admin.query(left, [ADA])).rows).toEqual([
      { data_type: 'activity_deletion', ids: '["1"]' },
      { data_type: 'activity_list', ids: '[2]' },
    ])
    expect((await db.admin.query(left, [BELA])).rows).toEqual([{ data_type: 'activity_list', ids: '[1]' }])
    expect(await effects(db)).toEqual([
      { user_id: ADA, effect: 'deleted_at_source', record_type: 'raw_fitness_data', records: 3 },
    ])
    await db.admin.query('update raw_fitness_data set processed_at = null')
    await receive(db, service, [])
    expect(await ids(db)).toEqual(['1', '2'])
    expect((await db.admin.query('select from activities where user_id = $1', [ADA])).rowCount).toBe(1)
  })

  test('has everything of an ended connection deleted once its time is up, and not before', async ({ db, service }) => {
    await connectPeople(db, { retentionDays: null, deleteAfterDeauthorizationDays: 30 })
    await receive(db, service, [
      { dataType: 'activity_list', payload: [run(1, '2026-03-01')], ageDays: 0 },
      { dataType: 'activity_list', payload: [run(3, '2026-03-03')], ageDays: 0, userId: BELA },
    ])
    const endedAgo = (interval: string) =>
      db.admin.query(
        `update connections set status = 'disconnected', disconnected_at = now() - $1::interval where user_id = '${ADA}'`,
        [interval],
      )
    await endedAgo('29 days 23 hours')
    await enforce(db, service)
    await db.service.query("select ops.enforce_policy($1, 'strava')", [ADA])
    expect(await ids(db)).toEqual(['1', '3'])
    await endedAgo('30 days')
    await enforce(db, service)
    expect(await ids(db)).toEqual(['3'])
    expect(await days(db)).toEqual(['2026-03-03'])
    expect(await effects(db)).toMatchObject([{ effect: 'deauthorized' }, { effect: 'deauthorized' }])
  })
})

describe('one workout, told by Garmin and by Strava', () => {
  const START_S = Date.parse('2026-03-01T06:30:00Z') / 1000
  const recorded = { activityId: 71, activityType: 'RUNNING', startTimeInSeconds: START_S, durationInSeconds: 610 }
  const both = [
    { dataType: 'activity_list', payload: [run(1, '2026-03-01')], ageDays: 0 },
    {
      dataType: 'activities',
      payload: [{ ...recorded, startTimeOffsetInSeconds: 3600, distanceInMeters: 1003 }],
      ageDays: 0,
      platform: 'garmin',
    },
  ]
  const shown = async (db: TestDatabase) =>
    (
      await db.admin.query(
        `select (select json_agg(jsonb_array_length(m.sources)) from merged_activities m) as sources, d.activity_count as count,
          d.distance_m::float8 as distance, d.kept_apart as apart from daily_summaries d`,
      )
    ).rows

  test('is shown and counted once where the policy lets them be combined', async ({ db, service }) => {
    await connectPeople(db, { retentionDays: null, combinable: true })
    await receive(db, service, both)
    expect(await shown(db)).toMatchObject([{ sources: [2], count: 1, distance: 1003 }])
  })

  test('is shown as each has it where it does not, and counted once', async ({ db, service }) => {
    await connectPeople(db, { retentionDays: null, combinable: false })
    await receive(db, service, both)
    expect(await shown(db)).toMatchObject([{ sources: [1, 1], count: 1, distance: 1003 }])
  })
})
