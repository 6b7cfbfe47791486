import { describe, expect } from 'vitest'
import { type TestDatabase, test } from '../support/database.ts'
import { ADA, insertConnectedPerson } from '../support/people.ts'

interface Workout {
  readonly id: string
  readonly day: string
  readonly sport?: string
  readonly distance_m?: number | null
  readonly moving_time_s?: number | null
  readonly heart_rate_mean_bpm?: number | null
}

async function insertWorkouts(db: TestDatabase, workouts: readonly Workout[]): Promise<void> {
  await db.service.query(
    `insert into public.activities (user_id, platform, source_id, sport, source_sport, local_day, distance_m, moving_time_s,
       heart_rate_mean_bpm, raw_id, raw_created_at, observed_at)
     select $1, 'strava', w.id, coalesce(w.sport, 'run'), 'Run', w.day, w.distance_m, w.moving_time_s, w.heart_rate_mean_bpm,
       gen_random_uuid(), now(), now()
     from jsonb_to_recordset($2::jsonb) as w (id text, sport text, day date, distance_m numeric, moving_time_s integer, heart_rate_mean_bpm numeric)`,
    [ADA, JSON.stringify(workouts)],
  )
}

async function rebuild(db: TestDatabase, days: readonly string[]): Promise<unknown[]> {
  await db.service.query("select ops.rebuild_daily_metrics($1, 'strava', $2::date[])", [ADA, days])
  await db.service.query('select ops.rebuild_daily_summaries($1, $2::date[])', [ADA, days])
  const { rows } = await db.service.query(`
    select local_day::text, activity_count, distance_m, moving_time_s, heart_rate_mean_bpm, energy_kcal, sports
    from public.daily_summaries order by local_day`)
  return rows
}

describe('a daily summary', () => {
  test('sums exactly, weights heart rate by moving time and leaves unknown numbers null', async ({ db }) => {
    await insertConnectedPerson(db.admin, ADA)
    await insertWorkouts(db, [
      { id: '1', day: '2026-03-01', distance_m: 0.1, moving_time_s: 1000, heart_rate_mean_bpm: 120 },
      { id: '2', day: '2026-03-01', distance_m: 0.2, moving_time_s: 3000, heart_rate_mean_bpm: 160, sport: 'ride' },
      { id: '3', day: '2026-03-01', distance_m: null, moving_time_s: 600, sport: 'yoga' },
      { id: '4', day: '2026-03-02', distance_m: null, moving_time_s: null },
    ])
    expect(await rebuild(db, ['2026-03-01', '2026-03-02'])).toEqual([
      {
        local_day: '2026-03-01',
        activity_count: 3,
        distance_m: '0.3',
        moving_time_s: '4600',
        heart_rate_mean_bpm: '150.00',
        energy_kcal: null,
        sports: ['ride', 'run', 'yoga'],
      },
      {
        local_day: '2026-03-02',
        activity_count: 1,
        distance_m: null,
        moving_time_s: null,
        heart_rate_mean_bpm: null,
        energy_kcal: null,
        sports: ['run'],
      },
    ])
  })

  test('is rebuilt, not added to', async ({ db }) => {
    await insertConnectedPerson(db.admin, ADA)
    await insertWorkouts(db, [{ id: '1', day: '2026-03-01', distance_m: 5000 }])
    const once = await rebuild(db, ['2026-03-01'])
    expect(await rebuild(db, ['2026-03-01'])).toEqual(once)
  })

  test('goes when the last activity of its day goes', async ({ db }) => {
    await insertConnectedPerson(db.admin, ADA)
    await insertWorkouts(db, [{ id: '1', day: '2026-03-01', distance_m: 5000 }])
    await rebuild(db, ['2026-03-01'])
    await db.service.query('delete from public.activities')
    expect(await rebuild(db, ['2026-03-01'])).toEqual([])
    const { rows } = await db.service.query('select from public.daily_metrics')
    expect(rows).toEqual([])
  })
})
