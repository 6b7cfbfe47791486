import { describe, expect } from 'vitest'
import { test } from '../support/database.ts'
import {
  insertWorkouts as insert,
  prepareMerging as prepare,
  RUN,
  mergeWorkouts as shown,
} from '../support/merged-workouts.ts'
import { ADA } from '../support/people.ts'

describe('the same workout on two platforms', () => {
  const other = { id: '2', platform: 'strava' }
  test.for([
    [
      'started a minute later and stopped a little sooner',
      { started_at: '2026-03-01T07:01:00Z', elapsed_time_s: 3500 },
    ],
    ['is called a trail run and measured 4 % more', { sport: 'trail_run', distance_m: 10_400 }],
    ['has no distance', { distance_m: null }],
    ['has a sport nobody knows', { sport: 'other' }],
    ['leaves out a long pause', { elapsed_time_s: 2000, distance_m: 10_010 }],
    ['hides its start', { started_at: null, elapsed_time_s: 3610, distance_m: 10_005 }],
    ['began two minutes sooner', { started_at: '2026-03-01T06:58:00Z' }],
    ['was stopped far too late', { elapsed_time_s: 9000, distance_m: 60_000 }],
    [
      'has no distance and was cut by half',
      { distance_m: null, elapsed_time_s: 1500, started_at: '2026-03-01T07:00:03Z' },
    ],
  ] as const)('is shown once when the other record %s', async ([, difference], { db }) => {
    await prepare(db)
    await insert(db, [{ id: '1' }, { ...other, ...difference }])
    expect(await shown(db)).toEqual(['garmin 1 + strava 2'])
    const { rows } = await db.service.query(`
      select activity_count, distance_m::float8, sports, provenance -> 'activity_count' -> 'sources' as counted from daily_summaries`)
    const counted = [{ platform: 'garmin', value: 1 }]
    expect(rows).toEqual([{ activity_count: 1, distance_m: 10_000, sports: ['run'], counted }])
  })

  test.for([
    ['the next workout', { started_at: '2026-03-01T08:00:00Z' }],
    ['a ride at the same time', { sport: 'ride' }],
    ['half as far', { distance_m: 5000, started_at: '2026-03-01T07:00:30Z' }],
    ['a false start', { elapsed_time_s: 30, distance_m: 60 }],
    ['a short part of it', { elapsed_time_s: 1200, distance_m: 3300, started_at: '2026-03-01T07:20:00Z' }],
    ['as far in the last half of its time', { started_at: '2026-03-01T07:20:00Z', elapsed_time_s: 2400 }],
    ['at a hidden time and of another length', { started_at: null, elapsed_time_s: 3600, distance_m: 10_400 }],
  ] as const)('is another one when it is %s', async ([, difference], { db }) => {
    await prepare(db)
    await insert(db, [{ id: '1' }, { ...other, ...difference }])
    expect(await shown(db)).toEqual(['garmin 1', 'strava 2'])
  })

  test('is one workout where three tell it, and two of them only by the third', async ({ db }) => {
    await prepare(db)
    await insert(db, [
      { id: '1' },
      { id: '2', platform: 'apple-health', started_at: '2026-03-01T07:02:00Z', elapsed_time_s: 3000, distance_m: 9000 },
      { id: '3', platform: 'strava', started_at: '2026-03-01T07:05:00Z', elapsed_time_s: 2300, distance_m: 7900 },
    ])
    expect(await shown(db)).toEqual(['garmin 1 + apple-health 2 + strava 3'])
  })

  test('is recognized for each of two short walks, one after the other', async ({ db }) => {
    await prepare(db)
    const walk = { sport: 'walk', elapsed_time_s: 600, distance_m: 700 }
    const again = { ...walk, started_at: '2026-03-01T07:11:00Z', distance_m: 690 }
    const phone = { platform: 'apple-health', device_name: 'iPhone' }
    await insert(db, [
      { ...walk, id: '1' },
      { ...again, id: '2' },
      { ...walk, ...phone, id: '3', distance_m: 720 },
      { ...again, ...phone, id: '4', distance_m: 700, started_at: '2026-03-01T07:11:04Z' },
    ])
    expect(await shown(db)).toEqual(['garmin 1 + apple-health 3', 'garmin 2 + apple-health 4'])
  })

  test('is found across midnight, and both days are right', async ({ db }) => {
    await prepare(db)
    await insert(db, [
      { id: '1', started_at: '2026-02-28T23:59:00Z' },
      { ...other, started_at: '2026-03-01T00:01:00Z' },
    ])
    expect(await shown(db)).toEqual(['garmin 1 + strava 2'])
    const { rows } = await db.service.query('select local_day::text, activity_count from daily_summaries')
    expect(rows).toEqual([{ local_day: '2026-02-28', activity_count: 1 }])
    // Late data of the day after: its neighbour is merged again without the day on which the shown record stands.
    await db.service.query("select ops.rebuild_daily_summaries($1, '{2026-03-02}')", [ADA])
    expect((await db.service.query('select from activity_duplicates')).rowCount).toBe(1)
  })

  test('is found from the day of either when only that day is merged again', async ({ db }) => {
    await prepare(db)
    const merge = (day: string) => db.service.query('select ops.rebuild_daily_summaries($1, $2::date[])', [ADA, [day]])
    await insert(db, [{ id: '2', platform: 'strava', started_at: '2026-03-01T00:00:30Z' }])
    await merge('2026-03-01')
    await insert(db, [{ id: '1', started_at: '2026-02-28T23:59:30Z' }])
    await merge('2026-02-28')
    const { rows } = await db.service.query('select local_day::text, activity_count from daily_summaries')
    expect(rows).toEqual([{ local_day: '2026-02-28', activity_count: 1 }])
  })

  test('is two again when one record turns out to be of another time', async ({ db }) => {
    await prepare(db)
    await insert(db, [{ id: '1' }, { id: '2', platform: 'strava' }])
    expect(await shown(db)).toEqual(['garmin 1 + strava 2'])
    await db.service.query(
      "update activities set started_at = started_at + interval '5 hours', ended_at = ended_at + interval '5 hours' where source_id = '1'",
    )
    expect(await shown(db)).toEqual(['garmin 1', 'strava 2'])
  })

  test('is shown once when both are short and the second starts as the first has ended', async ({ db }) => {
    await prepare(db)
    const walk = { sport: 'walk', elapsed_time_s: 60, distance_m: 90 }
    await insert(db, [
      { ...walk, id: '1' },
      { ...walk, id: '2', platform: 'strava', started_at: '2026-03-01T07:01:30Z' },
    ])
    expect(await shown(db)).toEqual(['garmin 1 + strava 2'])
  })

  test('is shown as the person prefers it', async ({ db }) => {
    await prepare(db)
    await insert(db, [{ id: '1' }, other])
    await db.admin.query("insert into source_priorities (user_id, platform, rank) values ($1, 'strava', 1)", [ADA])
    expect(await shown(db)).toEqual(['strava 2 + garmin 1'])
  })

  test('is shown by the other platform once it is deleted at one', async ({ db }) => {
    await prepare(db)
    await insert(db, [{ id: '1' }, other])
    await shown(db)
    await db.service.query("delete from activities where platform = 'garmin'")
    expect(await shown(db)).toEqual(['strava 2'])
  })

  test('stays two where a platform may not be combined, and the day counts one', async ({ db }) => {
    await prepare(db)
    await db.admin.query("update platforms set policy = '{\"combinable\": false}' where id = 'strava'")
    await insert(db, [{ id: '1' }, other])
    expect(await shown(db)).toEqual(['garmin 1', 'strava 2'])
    const { rows } = await db.service.query('select activity_count, kept_apart from daily_summaries')
    expect(rows).toEqual([{ activity_count: 1, kept_apart: { strava: 4 } }])
    const apart = async () =>
      (await db.service.query("select records::int from policy_effects where effect = 'kept_apart'")).rows
    expect(await apart()).toEqual([{ records: 4 }])
    await db.service.query('delete from activities')
    expect([await shown(db), await apart()]).toEqual([[], [{ records: 0 }]])
  })

  test('of one platform is recognized by its two devices, and one device makes two', async ({ db }) => {
    await prepare(db)
    await insert(db, [
      { id: '1', device_name: 'Edge' },
      { id: '2', device_name: 'Fenix' },
      { id: '3', device_name: 'Fenix', distance_m: 10_100 },
    ])
    expect(await shown(db)).toEqual(['garmin 1 + garmin 2 + garmin 3'])
    await db.service.query("delete from activities where source_id = '1'")
    expect(await shown(db)).toEqual(['garmin 2', 'garmin 3'])
  })
})

describe('a multisport event', () => {
  const parent = { id: 'p', sport: 'multisport', elapsed_time_s: 7200, distance_m: 31_500, counted: false }
  const swim = { id: 's', sport: 'swim', elapsed_time_s: 1800, distance_m: 1500, parent_source_id: 'p' }
  const ride = { ...RUN, sport: 'ride', started_at: '2026-03-01T07:32:00Z', elapsed_time_s: 5000, distance_m: 30_000 }
  const legs = [parent, swim, { ...ride, id: 'r', parent_source_id: 'p' }]

  test('has its legs counted, and neither they nor the whole are each other', async ({ db }) => {
    await prepare(db)
    await insert(db, legs)
    expect(await shown(db)).toEqual(['garmin p', 'garmin r', 'garmin s'])
    const { rows } = await db.service.query('select activity_count, distance_m::float8 from daily_summaries')
    expect(rows).toEqual([{ activity_count: 2, distance_m: 31_500 }])
  })

  test('matches leg by leg where another platform has the legs', async ({ db }) => {
    await prepare(db)
    await insert(db, [...legs, { ...ride, id: '9', platform: 'strava', distance_m: 30_200 }])
    expect(await shown(db)).toEqual(['garmin p', 'garmin r + strava 9', 'garmin s'])
  })

  test('keeps a leg that is nearly all of it, though another platform’s whole is like both', async ({ db }) => {
    await prepare(db)
    const long = { ...ride, id: 'r', parent_source_id: 'p', started_at: '2026-03-01T07:10:00Z', elapsed_time_s: 6500 }
    await insert(db, [parent, long, { ...parent, id: '9', platform: 'strava', sport: 'workout', counted: true }])
    await db.admin.query("insert into source_priorities (user_id, platform, rank) values ($1, 'strava', 1)", [ADA])
    expect(await shown(db)).toEqual(['garmin p + strava 9', 'garmin r'])
  })

  test('matches as a whole where another platform has the whole, whoever is preferred', async ({ db }) => {
    await prepare(db)
    await insert(db, [...legs, { ...parent, id: '9', platform: 'strava', sport: 'workout', counted: true }])
    await db.admin.query("insert into source_priorities (user_id, platform, rank) values ($1, 'strava', 1)", [ADA])
    expect(await shown(db)).toEqual(['garmin p + strava 9', 'garmin r', 'garmin s'])
    const { rows } = await db.service.query('select activity_count, distance_m::float8 from daily_summaries')
    expect(rows).toEqual([{ activity_count: 2, distance_m: 31_500 }])
  })
})

describe('a number that cannot be added', () => {
  test("is the preferred platform's, as it reports it, else from its samples", async ({ db }) => {
    await prepare(db)
    await db.service.query("select ops.create_sample_partitions('{2026-03-01}')")
    const day = '2026-03-01'
    await db.service.query(
      `insert into daily_metrics (user_id, local_day, platform, kind, value, observed_at) values
       ($1, $2, 'garmin', 'resting_heart_rate_bpm', 50, now()), ($1, $2, 'apple-health', 'resting_heart_rate_bpm', 54, now())`,
      [ADA, day],
    )
    await db.service.query(
      `insert into samples (user_id, kind, started_at, ended_at, platform, value, local_day, raw_id, raw_created_at, observed_at)
       select $1, k, t, t, 'apple-health', v, $2, gen_random_uuid(), now(), now()
       from (values ('body_weight_kg', '2026-03-01 06:00Z'::timestamptz, 71.5), ('body_weight_kg', '2026-03-01 20:00Z', 70.9),
         ('hrv_rmssd_ms', '2026-03-01 02:00Z', 40), ('hrv_rmssd_ms', '2026-03-01 03:00Z', 50)) as m (k, t, v)`,
      [ADA, day],
    )
    await shown(db)
    const { rows } = await db.service.query(`
      select resting_heart_rate_bpm::float8 as rest, body_weight_kg::float8 as weight, hrv_rmssd_ms::float8 as hrv from daily_summaries`)
    expect(rows).toEqual([{ rest: 50, weight: 70.9, hrv: 45 }])
  })
})
