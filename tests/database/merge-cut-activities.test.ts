import { describe, expect } from 'vitest'
import { type TestDatabase, test } from '../support/database.ts'
import { insertWorkouts, mergeWorkouts, prepareMerging } from '../support/merged-workouts.ts'
import { ADA } from '../support/people.ts'

/** Of Garmin, which is preferred to the phone unless the person says otherwise. */
const WHOLE = { id: '1', sport: 'walk', elapsed_time_s: 3600, distance_m: 5000 }
const PHONE = { platform: 'apple-health', device_name: 'iPhone', sport: 'walk' }
const FIRST = { ...PHONE, id: '2', started_at: '2026-03-01T07:01:00Z', elapsed_time_s: 1680, distance_m: 2400 }
const SECOND = { ...PHONE, id: '3', started_at: '2026-03-01T07:31:00Z', elapsed_time_s: 1680, distance_m: 2500 }

const days = async (db: TestDatabase) =>
  (
    await db.service.query(
      'select local_day::text as day, activity_count as count, distance_m::float8 from daily_summaries',
    )
  ).rows

describe('one walk that another device cut in two', () => {
  test.for([
    ['by a moment', [FIRST, SECOND]],
    [
      'at a rest, of which the distance knows nothing',
      [
        { ...FIRST, elapsed_time_s: 1000 },
        { ...SECOND, elapsed_time_s: 1400 },
      ],
    ],
    ['and knows no distance of', [{ ...FIRST, distance_m: null }, SECOND]],
    ['after it had begun half a minute sooner', [{ ...FIRST, started_at: '2026-03-01T06:59:30Z' }, SECOND]],
    [
      'before it was stopped a minute too late',
      [
        { ...FIRST, elapsed_time_s: 3060, distance_m: 4200 },
        { ...SECOND, started_at: '2026-03-01T07:53:00Z', elapsed_time_s: 480, distance_m: 700 },
      ],
    ],
    ['and began in the same second', [{ ...FIRST, started_at: '2026-03-01T07:00:00Z' }, SECOND]],
    ['and called half a hike', [FIRST, { ...SECOND, sport: 'hike' }]],
  ] as const)('%s is one', async ([, halves], { db }) => {
    await prepareMerging(db)
    await insertWorkouts(db, [WHOLE, ...halves])
    expect(await mergeWorkouts(db)).toEqual(['garmin 1 + apple-health 2 + apple-health 3'])
    expect(await days(db)).toEqual([{ day: '2026-03-01', count: 1, distance_m: 5000 }])
  })

  test('is two where the device that cut it is preferred', async ({ db }) => {
    await prepareMerging(db)
    await db.admin.query("insert into source_priorities (user_id, platform, rank) values ($1, 'apple-health', 1)", [
      ADA,
    ])
    await insertWorkouts(db, [WHOLE, FIRST, SECOND])
    expect(await mergeWorkouts(db)).toEqual(['apple-health 2 + garmin 1', 'apple-health 3'])
    expect(await days(db)).toEqual([{ day: '2026-03-01', count: 2, distance_m: 4900 }])
  })

  test('is two where neither device is preferred and a half goes before the whole', async ({ db }) => {
    await prepareMerging(db)
    const [edge, fenix] = [{ device_name: 'Edge' }, { platform: 'garmin', device_name: 'Fenix' }]
    // The second half alone is like the whole, too.
    const second = { ...SECOND, ...fenix, started_at: '2026-03-01T07:16:00Z', elapsed_time_s: 2580, distance_m: 4100 }
    await insertWorkouts(db, [
      { ...WHOLE, ...edge, id: '5' },
      { ...FIRST, ...fenix, id: '3', elapsed_time_s: 840, distance_m: 900 },
      { ...second, id: '7' },
    ])
    expect(await mergeWorkouts(db)).toEqual(['garmin 3 + garmin 5', 'garmin 7'])
  })

  test('is one, though the phone tells each half twice', async ({ db }) => {
    await prepareMerging(db)
    await insertWorkouts(db, [WHOLE, FIRST, SECOND, { ...FIRST, id: '4' }, { ...SECOND, id: '5' }])
    expect(await mergeWorkouts(db)).toEqual([
      'garmin 1 + apple-health 2 + apple-health 3 + apple-health 4 + apple-health 5',
    ])
  })

  test('is as it was cut where two tell the halves, and counted once by each', async ({ db }) => {
    await prepareMerging(db)
    await db.admin.query("insert into source_priorities (user_id, platform, rank) values ($1, 'apple-health', 1)", [
      ADA,
    ])
    const strava = { platform: 'strava', device_name: undefined }
    await insertWorkouts(db, [
      WHOLE,
      FIRST,
      SECOND,
      { ...FIRST, ...strava, id: '8' },
      { ...SECOND, ...strava, id: '9' },
    ])
    expect(await mergeWorkouts(db)).toEqual(['apple-health 2 + garmin 1 + strava 8', 'apple-health 3 + strava 9'])
  })

  test('is as the preferred device cut it where another one cut it elsewhere and a third did not', async ({ db }) => {
    await prepareMerging(db)
    await db.admin.query("insert into source_priorities (user_id, platform, rank) values ($1, 'apple-health', 1)", [
      ADA,
    ])
    const garmin = { platform: 'garmin', device_name: 'Fenix' }
    await insertWorkouts(db, [
      { ...WHOLE, platform: 'strava', id: '9' },
      FIRST,
      SECOND,
      { ...FIRST, ...garmin, id: '7', started_at: '2026-03-01T07:00:30Z', elapsed_time_s: 870, distance_m: 1200 },
      { ...SECOND, ...garmin, id: '8', started_at: '2026-03-01T07:16:00Z', elapsed_time_s: 2580, distance_m: 3600 },
    ])
    expect(await mergeWorkouts(db)).toEqual(['apple-health 2 + garmin 7 + garmin 8 + strava 9', 'apple-health 3'])
    expect(await days(db)).toEqual([{ day: '2026-03-01', count: 2, distance_m: 4900 }])
  })

  test('around midnight is one on the day on which it began, told late or not', async ({ db }) => {
    await prepareMerging(db)
    await insertWorkouts(db, [
      { ...WHOLE, started_at: '2026-02-28T23:30:00Z' },
      { ...FIRST, started_at: '2026-02-28T23:31:00Z' },
    ])
    expect(await mergeWorkouts(db, ['2026-02-28'])).toEqual(['apple-health 2', 'garmin 1'])
    await insertWorkouts(db, [{ ...SECOND, started_at: '2026-03-01T00:01:00Z' }])
    expect(await mergeWorkouts(db, ['2026-03-01'])).toEqual(['garmin 1 + apple-health 2 + apple-health 3'])
    expect(await days(db)).toEqual([{ day: '2026-02-28', count: 1, distance_m: 5000 }])
  })

  test('has its two rides counted where they are legs of an event that another platform has as one ride', async ({
    db,
  }) => {
    await prepareMerging(db)
    const leg = { sport: 'ride', parent_source_id: 'p', platform: 'garmin' }
    await insertWorkouts(db, [
      { id: 'p', sport: 'multisport', counted: false },
      { ...FIRST, ...leg, id: 'r' },
      { ...SECOND, ...leg, id: 's' },
      { ...WHOLE, platform: 'strava', sport: 'ride', id: '9' },
    ])
    expect(await mergeWorkouts(db)).toEqual(['garmin p', 'garmin r + strava 9', 'garmin s'])
  })
})

describe('two workouts', () => {
  const HIKE = { ...WHOLE, elapsed_time_s: 180_000, distance_m: 60_000 }
  const each = { elapsed_time_s: 80_000, distance_m: 30_000 }
  test.for([
    ['nobody else recorded', [{ ...WHOLE, started_at: '2026-03-01T12:00:00Z' }, FIRST, SECOND]],
    ['are a small part of a long one', [{ ...WHOLE, elapsed_time_s: 7200, distance_m: 11_000 }, FIRST, SECOND]],
    ['are less than it, of unknown distance', [{ ...WHOLE, elapsed_time_s: 7200, distance_m: null }, FIRST, SECOND]],
    ['were much further than it', [{ ...WHOLE, distance_m: 3000 }, FIRST, SECOND]],
    ['are of another sport', [{ ...WHOLE, sport: 'ride' }, FIRST, SECOND]],
    ['reach beyond it', [WHOLE, { ...FIRST, started_at: '2026-03-01T06:50:00Z' }, SECOND]],
    ['are of two devices', [WHOLE, FIRST, { ...SECOND, device_name: 'iPad' }]],
    ['are days of a hike', [HIKE, { ...FIRST, ...each }, { ...SECOND, ...each, started_at: '2026-03-02T07:00:00Z' }]],
  ] as const)('that %s stay two', async ([, workouts], { db }) => {
    await prepareMerging(db)
    await insertWorkouts(db, workouts)
    expect(await mergeWorkouts(db)).toEqual(['apple-health 2', 'apple-health 3', 'garmin 1'])
  })

  test('stay two where one begins as the record of the other ends', async ({ db }) => {
    await prepareMerging(db)
    await insertWorkouts(db, [
      WHOLE,
      { ...FIRST, elapsed_time_s: 3480, distance_m: 4900 },
      { ...SECOND, started_at: '2026-03-01T08:00:10Z', elapsed_time_s: 40, distance_m: 50 },
    ])
    expect(await mergeWorkouts(db)).toEqual(['apple-health 3', 'garmin 1 + apple-health 2'])
  })

  test('stay two where a third record tells of one of them', async ({ db }) => {
    await prepareMerging(db)
    await insertWorkouts(db, [
      { ...FIRST, platform: 'garmin', id: '1' },
      { ...SECOND, platform: 'garmin', id: '4' },
      { ...FIRST, elapsed_time_s: 1700 },
    ])
    expect(await mergeWorkouts(db)).toEqual(['garmin 1 + apple-health 2', 'garmin 4'])
  })
})
