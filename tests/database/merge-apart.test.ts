import { describe, expect } from 'vitest'
import { test } from '../support/database.ts'
import { ADA } from '../support/people.ts'

const DAY = '2026-03-01'

describe('numbers of a platform that may not be combined', () => {
  test('stand beside those of the others, of every kind: totals, nights, and what cannot be added', async ({ db }) => {
    await db.admin.query("insert into platforms (id, display_name) values ('garmin', ''), ('apple-health', '')")
    await db.admin.query("update platforms set policy = '{\"combinable\": false}' where id = 'garmin'")
    await db.admin.query('insert into app_users (user_id) values ($1)', [ADA])
    await db.service.query(
      `insert into daily_metrics (user_id, local_day, platform, kind, value, observed_at)
       select $1, $2, m.platform, m.kind, m.value, now() from (values ('garmin', 'steps', 9000), ('apple-health', 'steps', 8000),
         ('garmin', 'resting_heart_rate_bpm', 50), ('apple-health', 'resting_heart_rate_bpm', 54)) as m (platform, kind, value)`,
      [ADA, DAY],
    )
    await db.service.query(
      `insert into sleep_sessions (user_id, platform, source_id, source, local_day, started_at, ended_at, asleep_s, raw_id, raw_created_at, observed_at)
       select $1, s.platform, s.platform, '', $2, '2026-02-28 22:00Z', '2026-03-01 06:00Z', s.asleep_s, gen_random_uuid(), now(), now()
       from (values ('garmin', 27000), ('apple-health', 26000)) as s (platform, asleep_s)`,
      [ADA, DAY],
    )
    await db.service.query('select ops.rebuild_daily_summaries($1, $2::date[])', [ADA, [DAY]])
    const { rows } = await db.service.query(
      `select kind, value::float8, sources -> 0 ->> 'platform' as of, kept_apart from merged_metrics
       where kind in ('steps', 'resting_heart_rate_bpm', 'sleep_asleep_s') order by kind`,
    )
    const apart = (value: number) => [{ platform: 'garmin', value }]
    expect(rows).toEqual([
      { kind: 'resting_heart_rate_bpm', value: 54, of: 'apple-health', kept_apart: apart(50) },
      { kind: 'sleep_asleep_s', value: 26_000, of: 'apple-health', kept_apart: apart(27_000) },
      { kind: 'steps', value: 8000, of: 'apple-health', kept_apart: apart(9000) },
    ])
  })

  test('are those of the platform that the person prefers, where neither may be combined', async ({ db }) => {
    await db.admin.query(
      `insert into platforms (id, display_name, policy) select p, '', '{"combinable": false}' from unnest('{garmin,apple-health}'::text[]) as p`,
    )
    await db.admin.query('insert into app_users (user_id) values ($1)', [ADA])
    await db.service.query("insert into source_priorities (user_id, platform, rank) values ($1, 'garmin', 1)", [ADA])
    await db.service.query(
      `insert into daily_metrics (user_id, local_day, platform, kind, value, observed_at)
       values ($1, $2, 'garmin', 'steps', 9000, now()), ($1, $2, 'apple-health', 'steps', 8000, now())`,
      [ADA, DAY],
    )
    await db.service.query('select ops.rebuild_daily_summaries($1, $2::date[])', [ADA, [DAY]])
    const { rows } = await db.service.query('select value::float8, kept_apart from merged_metrics')
    expect(rows).toEqual([{ value: 9000, kept_apart: [{ platform: 'apple-health', value: 8000 }] }])
  })
})
