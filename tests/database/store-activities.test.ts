import { describe, expect } from 'vitest'
import { type TestDatabase, test } from '../support/database.ts'
import { ADA, insertConnectedPerson } from '../support/people.ts'

const RAW_1 = '00000000-0000-4000-8000-000000000001'
const RAW_2 = '00000000-0000-4000-8000-000000000002'
const MORNING = '2026-03-01T10:00:00Z'
const EVENING = '2026-03-01T20:00:00Z'

const run = {
  sourceId: '9007199254740993',
  sport: 'run',
  sourceSport: 'Run',
  name: 'Morning Run',
  localDay: '2026-03-01',
  startedAt: '2026-03-01T06:30:00.000Z',
  endedAt: '2026-03-01T07:30:00.000Z',
  startOffsetSeconds: 3600,
  timeZone: 'Europe/Berlin',
  startTimeHidden: false,
  distanceM: 10012.3,
  movingTimeS: 3500,
  elapsedTimeS: 3600,
  elevationGainM: 55,
  heartRateMeanBpm: 150,
  heartRateMaxBpm: 171,
  manual: false,
  indoor: false,
  hasRoute: true,
  private: false,
  detailed: false,
}

interface Stored {
  readonly days: string[] | null
}

async function store(
  db: TestDatabase,
  activity: object,
  { rawId = RAW_1, observedAt = MORNING } = {},
): Promise<string[]> {
  const { rows } = await db.service.query<Stored>(
    "select ops.store_activities($1, 'strava', $2, now(), $3, $4::jsonb)::text[] as days",
    [ADA, rawId, observedAt, JSON.stringify([activity])],
  )
  return rows[0]?.days ?? []
}

async function only(db: TestDatabase): Promise<Record<string, unknown>> {
  const { rows } = await db.service.query<Record<string, unknown>>(
    'select source_id, name, distance_m, energy_kcal, local_day::text, updated_at::text, xmin::text as version from public.activities',
  )
  expect(rows).toHaveLength(1)
  return rows[0]!
}

describe('storing activities', () => {
  test('keeps ids beyond 2^53 and decimals exactly', async ({ db }) => {
    await insertConnectedPerson(db.admin, ADA)
    expect(await store(db, run)).toEqual(['2026-03-01'])
    expect(await only(db)).toMatchObject({ source_id: '9007199254740993', distance_m: '10012.3' })
  })

  test('changes nothing when the same payload comes again', async ({ db }) => {
    await insertConnectedPerson(db.admin, ADA)
    await store(db, run)
    const before = await only(db)
    expect(await store(db, run)).toEqual([])
    expect(await only(db)).toEqual(before)
  })

  test('lets a newer payload replace an older one, and answers both days', async ({ db }) => {
    await insertConnectedPerson(db.admin, ADA)
    await store(db, run)
    const moved = { ...run, localDay: '2026-02-28', name: 'Renamed' }
    expect(await store(db, moved, { rawId: RAW_2, observedAt: EVENING })).toEqual(['2026-02-28', '2026-03-01'])
    expect(await only(db)).toMatchObject({ name: 'Renamed', local_day: '2026-02-28' })
  })

  test('whose offset nobody knows belongs to the day on the person’s own clock', async ({ db }) => {
    await insertConnectedPerson(db.admin, ADA)
    await db.admin.query("update app_users set time_zone = 'America/Los_Angeles' where user_id = $1", [ADA])
    const { localDay: _, ...abroad } = { ...run, startOffsetSeconds: null }
    expect(await store(db, abroad)).toEqual(['2026-02-28'])
    expect(await only(db)).toMatchObject({ local_day: '2026-02-28' })
  })

  test('never lets an older payload replace a newer one', async ({ db }) => {
    await insertConnectedPerson(db.admin, ADA)
    await store(db, { ...run, name: 'Newest' }, { rawId: RAW_2, observedAt: EVENING })
    expect(await store(db, { ...run, name: 'Stale' })).toEqual([])
    expect(await only(db)).toMatchObject({ name: 'Newest' })
  })

  test.for([
    ['before', MORNING, EVENING],
    ['after', EVENING, MORNING],
  ] as const)(
    'keeps the energy of a detailed payload received %s the summary',
    async ([, detailAt, summaryAt], { db }) => {
      await insertConnectedPerson(db.admin, ADA)
      await store(db, { ...run, detailed: true, energyKcal: 640.5 }, { rawId: RAW_1, observedAt: detailAt })
      await store(db, run, { rawId: RAW_2, observedAt: summaryAt })
      expect(await only(db)).toMatchObject({ energy_kcal: '640.5' })
    },
  )

  test('does not bring back what was deleted at the source', async ({ db }) => {
    await insertConnectedPerson(db.admin, ADA)
    const tombstone =
      "insert into ops.deleted_records (user_id, platform, source_id, observed_at) values ($1, 'strava', $2, $3)"
    await db.service.query(tombstone, [ADA, run.sourceId, EVENING])
    expect(await store(db, run)).toEqual([])
    const { rows } = await db.service.query('select from public.activities')
    expect(rows).toEqual([])
  })

  test('keeps an unknown sport as other', async ({ db }) => {
    await insertConnectedPerson(db.admin, ADA)
    await store(db, { ...run, sport: 'quidditch', sourceSport: 'Quidditch' })
    const { rows } = await db.service.query('select sport, source_sport from public.activities')
    expect(rows).toEqual([{ sport: 'other', source_sport: 'Quidditch' }])
  })

  test('twenty writers at once leave one row', async ({ db }) => {
    await insertConnectedPerson(db.admin, ADA)
    const moments = Array.from({ length: 20 }, (_unused, hour) => `2026-03-01T${String(hour).padStart(2, '0')}:00:00Z`)
    await Promise.all(
      moments.map((observedAt, index) => store(db, { ...run, name: `version ${index}` }, { observedAt })),
    )
    expect(await only(db)).toMatchObject({ name: 'version 19' })
  })
})
