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

interface Zone {
  readonly time_zone: string | null
  readonly time_zone_platform: string | null
}

describe('the time zone of a person', () => {
  const zoneOf = async (db: TestDatabase) =>
    (await db.admin.query<Zone>('select time_zone, time_zone_platform from app_users')).rows[0]
  /** An activity in a zone, on a day of March. */
  const there = (day: number, timeZone: string | null) => ({
    ...run,
    sourceId: `z${day}`,
    startedAt: `2026-03-0${day}T08:00:00Z`,
    endedAt: `2026-03-0${day}T09:00:00Z`,
    timeZone,
  })
  const chosen = (timeZone: string) => ({ time_zone: timeZone, time_zone_platform: null })
  const followed = (timeZone: string | null) => ({ time_zone: timeZone, time_zone_platform: timeZone && 'strava' })

  test('is that of the newest activity, and of no other', async ({ db }) => {
    await insertConnectedPerson(db.admin, ADA)
    await store(db, there(3, 'Europe/Berlin'))
    expect(await zoneOf(db)).toEqual(followed('Europe/Berlin'))
    await store(db, there(2, 'America/New_York'))
    await store(db, there(4, null))
    expect(await zoneOf(db)).toEqual(followed('Europe/Berlin'))
    await store(db, there(5, 'Asia/Kathmandu'))
    expect(await zoneOf(db)).toEqual(followed('Asia/Kathmandu'))
    await store(db, there(6, 'Mars/Olympus'))
    expect(await zoneOf(db)).toEqual(followed('Asia/Kathmandu'))
  })

  test('stays what the person chose, the same one included', async ({ db }) => {
    await insertConnectedPerson(db.admin, ADA)
    await store(db, there(3, 'Europe/Berlin'))
    await db.hasura.query("update app_users set time_zone = 'Europe/Berlin'")
    expect(await zoneOf(db)).toEqual(chosen('Europe/Berlin'))
    await store(db, there(4, 'Asia/Kathmandu'))
    expect(await zoneOf(db)).toEqual(chosen('Europe/Berlin'))
    await expect(db.hasura.query("update app_users set time_zone = 'Mars/Olympus'")).rejects.toMatchObject({
      code: '23514',
    })
  })

  test('is not taken from a platform whose data is kept apart, and goes with the data it came from', async ({ db }) => {
    await insertConnectedPerson(db.admin, ADA)
    await db.admin.query(`update platforms set policy = '{"combinable": false}' where id = 'strava'`)
    await store(db, there(3, 'Europe/Berlin'))
    expect(await zoneOf(db)).toEqual(followed(null))
    await db.admin.query(`update platforms set policy = '{"combinable": true}' where id = 'strava'`)
    await store(db, there(4, 'Europe/Berlin'))
    expect(await zoneOf(db)).toEqual(followed('Europe/Berlin'))
    await db.service.query("select * from ops.remove_data_from_before($1, 'strava', 'infinity')", [ADA])
    expect(await zoneOf(db)).toEqual(followed(null))
  })
})

describe('the zones of an activity', () => {
  const storeZones = async (db: TestDatabase, zones: readonly object[], observedAt: string) =>
    db.service.query("select ops.store_activity_zones($1, 'strava', $2, now(), $3, $4::jsonb)", [
      ADA,
      RAW_1,
      observedAt,
      JSON.stringify(zones),
    ])
  const zone = (zoneNumber: number, timeS: number) => ({
    sourceId: run.sourceId,
    kind: 'heart_rate_bpm',
    zoneNumber,
    unit: '/min',
    lowerBound: 100,
    upperBound: null,
    timeS,
  })

  test('are those of the newest payload, whichever comes last', async ({ db }) => {
    await insertConnectedPerson(db.admin, ADA)
    await store(db, run)
    await storeZones(db, [zone(1, 10), zone(2, 20)], EVENING)
    await storeZones(db, [zone(1, 99), zone(3, 99)], MORNING)
    const read = async () =>
      (await db.admin.query('select zone_number as n, time_s::int as s from activity_zones order by 1')).rows
    expect(await read()).toEqual([
      { n: 1, s: 10 },
      { n: 2, s: 20 },
    ])
    await storeZones(db, [zone(1, 11)], '2026-03-01T23:00:00Z')
    expect(await read()).toEqual([{ n: 1, s: 11 }])
  })
})
