import { describe, expect } from 'vitest'
import { type TestDatabase, test } from '../support/database.ts'
import { ADA } from '../support/people.ts'

async function prepare(db: TestDatabase): Promise<void> {
  await db.admin.query("insert into platforms (id, display_name) values ('garmin', ''), ('apple-health', '')")
  await db.admin.query('insert into app_users (user_id) values ($1)', [ADA])
}

const merge = (db: TestDatabase) => db.service.query("select ops.rebuild_daily_summaries($1, '{2026-03-01}')", [ADA])

describe('a night', () => {
  type Session = readonly [platform: string, from: string, to: string, asleepS: number | null, source?: string]
  const sleep = async (db: TestDatabase, rows: readonly Session[]) => {
    for (const [platform, from, to, asleep, source = ''] of rows)
      await db.service.query(
        `insert into sleep_sessions (user_id, platform, source_id, source, local_day, started_at, ended_at, asleep_s, in_bed_s, raw_id, raw_created_at, observed_at)
         values ($1, $2, $6 || $3, $6, '2026-03-01', $3::text::timestamptz, $4, $5, case when $5::integer is null then 30600 end, gen_random_uuid(), now(), now())`,
        [ADA, platform, from, to, asleep, source],
      )
  }
  const asleep = async (db: TestDatabase) => {
    await merge(db)
    const { rows } = await db.service.query<{ told: string }>(
      "select value::text || ' ' || sources::text as told from merged_metrics where kind = 'sleep_asleep_s'",
    )
    return rows.map(({ told }) => told)
  }

  test.for([
    [
      'a doze that the better watch saw does not hide the night that it did not',
      [
        ['garmin', '2026-02-28T21:50:00Z', '2026-02-28T22:10:00Z', 1100],
        ['apple-health', '2026-02-28T22:05:00Z', '2026-03-01T06:00:00Z', 27_000, 'Watch'],
      ],
      'apple-health',
      27_000,
    ],
    [
      'a night whose battery was empty at two is that of the device which went on',
      [
        ['garmin', '2026-02-28T23:00:00Z', '2026-03-01T02:00:00Z', 10_000],
        ['apple-health', '2026-02-28T22:55:00Z', '2026-03-01T07:00:00Z', 28_000, 'Watch'],
      ],
      'apple-health',
      28_000,
    ],
    [
      'who was in bed, as the phone says, slept as an app says, whatever the two are called',
      [
        ['apple-health', '2026-02-28T22:00:00Z', '2026-03-01T06:30:00Z', null, 'Ada’s iPhone'],
        ['apple-health', '2026-02-28T22:10:00Z', '2026-03-01T06:00:00Z', 27_000, 'Sleepy'],
      ],
      'apple-health',
      27_000,
    ],
    [
      'a night that the better watch cut in two is not told by the other',
      [
        ['garmin', '2026-02-28T22:00:00Z', '2026-03-01T01:00:00Z', 10_000],
        ['garmin', '2026-03-01T03:00:00Z', '2026-03-01T06:00:00Z', 10_500],
        ['apple-health', '2026-02-28T22:00:00Z', '2026-03-01T06:00:00Z', 27_000, 'Watch'],
      ],
      'garmin',
      20_500,
    ],
  ] as const)('of two devices: %s', async ([, sessions, platform, seconds], { db }) => {
    await prepare(db)
    await sleep(db, sessions)
    const told = await asleep(db)
    expect(told).toHaveLength(1)
    expect(told[0]).toMatch(new RegExp(`^${seconds} \\[.*"platform": "${platform}"`))
    expect(told[0]?.match(/platform/g)).toHaveLength(1)
  })

  test('that another device calls the next day gives way when only its own day is merged again', async ({ db }) => {
    await prepare(db)
    await sleep(db, [['apple-health', '2026-03-01T20:00:00Z', '2026-03-02T04:00:00Z', 27_000, 'Watch']])
    await db.service.query("update sleep_sessions set local_day = '2026-03-02'")
    await db.service.query("select ops.rebuild_daily_summaries($1, '{2026-03-02}')", [ADA])
    await sleep(db, [['garmin', '2026-03-01T20:05:00Z', '2026-03-02T03:55:00Z', 26_000]])
    await merge(db)
    const { rows } = await db.service.query(
      'select local_day::text, sleep_asleep_s::int as asleep from daily_summaries',
    )
    expect(rows).toEqual([{ local_day: '2026-03-01', asleep: 26_000 }])
  })

  test('that two devices saw counts once, and a nap that one of them saw is not lost', async ({ db }) => {
    await prepare(db)
    await sleep(db, [
      ['garmin', '2026-02-28T22:00:00Z', '2026-03-01T06:00:00Z', 27_000],
      ['apple-health', '2026-02-28T22:30:00Z', '2026-03-01T06:10:00Z', 26_000],
      ['apple-health', '2026-03-01T13:00:00Z', '2026-03-01T13:30:00Z', 1500],
    ])
    await merge(db)
    const { rows } = await db.service.query(`
      select sleep_asleep_s::integer as asleep, provenance -> 'sleep_asleep_s' -> 'sources' as sources from daily_summaries`)
    expect(rows).toEqual([
      {
        asleep: 28_500,
        sources: [
          { platform: 'apple-health', source: '', value: 1500 },
          { platform: 'garmin', source: '', value: 27_000 },
        ],
      },
    ])
  })
})
