import { describe, expect } from 'vitest'
import { normalizeRaw } from '../../service/normalization/normalize-raw-data.task.ts'
import { RawKey } from '../../service/normalization/raw-key.ts'
import type { ConfiguredPlatform, Normalize } from '../../service/platforms/contract.ts'
import type { Records } from '../../service/platforms/records.ts'
import { sql } from '../../service/runtime/sql.ts'
import type { TestDatabase } from '../support/database.ts'
import { ADA } from '../support/people.ts'
import { connect, type TestService, testWithFew as test } from '../support/service.ts'

const DERIVED =
  `activities activity_streams activity_laps samples sleep_sessions sleep_stages daily_metrics merged_metrics
  activity_duplicates daily_summaries policy_effects user_fitness_summary`.split(/\s+/)

/** Every row that was made of payloads, the times of its last change included: table → row → text. */
async function derived(db: TestDatabase): Promise<Record<string, readonly string[]>> {
  const tables = await Promise.all(
    DERIVED.map(async (table) => {
      const { rows } = await db.admin.query<{ row: string }>(`select t::text as row from ${table} t order by 1`)
      return [table, rows.map(({ row }) => row)] as const
    }),
  )
  return Object.fromEntries(tables)
}

/** As `npm run replay -- --all` does, with the jobs that follow. */
async function replay(service: TestService, normalizer?: Normalize): Promise<void> {
  const { rows } = await service.db.query<RawKey>(sql`
    select user_id as "userId", created_at::text as "createdAt", id as "rawId" from public.raw_fitness_data order by created_at, id`)
  const platforms = new Map(service.normalization.platforms)
  if (normalizer !== undefined) platforms.set('acme', acme(normalizer))
  for (const key of rows)
    await normalizeRaw({ ...service.normalization, platforms }, RawKey.parse(key), { replay: true })
  await service.work()
}

const acme = (normalizer: Normalize): ConfiguredPlatform => ({
  ...({} as ConfiguredPlatform),
  id: 'acme',
  displayName: 'Acme',
  coverage: [],
  normalize: { day: normalizer },
})

const at = (time: string) => new Date(`2026-03-01T${time}:00Z`)
const sample = (time: string, value: number) => ({
  kind: 'steps' as const,
  startedAt: at(time),
  endedAt: new Date(at(time).getTime() + 900_000),
  offsetSeconds: 3600,
  value,
  source: '',
  variant: '',
  sourceId: null,
  manual: false,
})
const night = {
  sourceId: 'n1',
  source: '',
  startedAt: at('00:10'),
  endedAt: at('06:40'),
  endOffsetSeconds: 3600,
  timeZone: null,
  nap: false,
  asleepS: 20_000,
  inBedS: null,
  awakeS: 600,
  lightS: null,
  deepS: null,
  remS: null,
  score: 80,
  finality: 1,
  stages: [{ stage: 'deep' as const, startedAt: at('01:00'), endedAt: at('02:00') }],
}
const workout = {
  sourceId: 'w1',
  sport: 'run',
  sourceSport: 'RUN',
  name: null,
  localDay: '2026-03-02',
  startedAt: new Date('2026-03-02T07:00:00Z'),
  endedAt: new Date('2026-03-02T08:00:00Z'),
  startOffsetSeconds: 3600,
  timeZone: null,
  startTimeHidden: false,
  distanceM: 10_000,
  movingTimeS: 3600,
  elapsedTimeS: 3600,
  elevationGainM: null,
  meanSpeedMPerS: null,
  maxSpeedMPerS: null,
  heartRateMeanBpm: null,
  heartRateMaxBpm: null,
  cadenceMeanRpm: null,
  powerMeanW: null,
  energyKcal: null,
  manual: false,
  indoor: false,
  hasRoute: false,
  private: false,
  deviceName: null,
  sourceUrl: null,
  detailed: false,
}

/** What the payload of a day becomes: everything a platform can yield. */
const first: Normalize = (payload) => {
  if (payload !== 'all') return { dailyMetrics: [{ localDay: '2026-03-05', kind: 'steps', value: 5 }], rejected: [] }
  const from = at('09:00')
  const to = at('10:00')
  return {
    activities: [workout],
    activityLaps: [
      { ...lap, lapNumber: 1 },
      { ...lap, lapNumber: 2 },
    ],
    activityStreams: [{ sourceId: 'w1', kind: 'heart_rate_bpm', unit: '/min', offsetsS: [0, 1], values: [100, null] }],
    samples: [sample('09:00', 100), sample('09:15', 200)],
    sampleSpans: [{ kinds: ['steps'], from, to, source: null, variant: null }],
    sleepSessions: [night],
    dailyMetrics: [{ localDay: '2026-03-01', kind: 'resting_heart_rate_bpm', value: 50 }],
    rejected: [{ position: 3, reason: 'bad' }],
  }
}
const lap = {
  sourceId: 'w1',
  startedAt: null,
  elapsedTimeS: 1800,
  movingTimeS: 1800,
  distanceM: 5000,
  elevationGainM: null,
  meanSpeedMPerS: null,
  maxSpeedMPerS: null,
  heartRateMeanBpm: null,
  heartRateMaxBpm: null,
  cadenceMeanRpm: null,
  powerMeanW: null,
}

async function receive(db: TestDatabase, service: TestService): Promise<void> {
  await db.admin.query("insert into platforms (id, display_name) values ('acme', 'Acme')")
  for (const payload of ['"all"', '"other"'])
    await db.admin.query(
      "insert into raw_fitness_data (user_id, platform, data_type, raw_data, metadata) values ($1, 'acme', 'day', $2, '{}')",
      [ADA, payload],
    )
  await replay(service, first)
}

describe('replaying every payload', () => {
  test('of a simulated Strava changes nothing, not even a time', async ({ db, service }) => {
    await connect(service)
    await service.work()
    // What comes later by itself (details, the profile) comes now, not between the two looks.
    await db.admin.query('update graphile_worker._private_jobs set run_at = now()')
    await service.work()
    await replay(service)
    const before = await derived(db)
    expect(before['activities']!.length).toBeGreaterThan(3)
    await replay(service)
    expect(await derived(db)).toEqual(before)
  })

  test('of every kind of record changes nothing, not even a time', async ({ db, service }) => {
    await db.admin.query('insert into app_users (user_id) values ($1)', [ADA])
    await receive(db, service)
    const before = await derived(db)
    for (const table of ['activities', 'samples', 'sleep_stages', 'activity_laps', 'merged_metrics'])
      expect(before[table]).not.toEqual([])
    await replay(service, first)
    expect(await derived(db)).toEqual(before)
  })
})

describe('replaying after a fix of a normalizer', () => {
  const fixes: readonly (readonly [string, (records: Records) => Records, readonly string[]])[] = [
    [
      'a stage of sleep that was wrong',
      (records) => ({
        ...records,
        sleepSessions: [{ ...night, stages: [{ ...night.stages[0]!, endedAt: at('02:30') }] }],
      }),
      ['sleep_sessions', 'sleep_stages'],
    ],
    [
      'a stage of sleep that never was',
      (records) => ({ ...records, sleepSessions: [{ ...night, stages: [] }] }),
      ['sleep_sessions', 'sleep_stages'],
    ],
    [
      'a value that was wrong',
      (records) => ({ ...records, samples: [sample('09:00', 100), sample('09:15', 250)] }),
      ['samples', 'merged_metrics', 'daily_summaries'],
    ],
    [
      'a sample that never was',
      (records) => ({ ...records, samples: [sample('09:15', 200)], sampleSpans: [] }),
      ['samples', 'merged_metrics', 'daily_summaries'],
    ],
    [
      'a lap that never was',
      (records) => ({ ...records, activityLaps: [{ ...lap, lapNumber: 1 }] }),
      ['activity_laps'],
    ],
    [
      'a workout that never was',
      ({ activities: _gone, activityLaps: _laps, activityStreams: _streams, ...records }) => records,
      ['activities', 'activity_streams', 'activity_laps', 'daily_metrics', 'merged_metrics', 'daily_summaries'],
    ],
    [
      "a day's number that never was",
      (records) => ({ ...records, dailyMetrics: [] }),
      ['daily_metrics', 'merged_metrics', 'daily_summaries'],
    ],
  ]
  test('changes exactly what follows from it, whatever was wrong', async ({ db, service }) => {
    await db.admin.query('insert into app_users (user_id) values ($1)', [ADA])
    await receive(db, service)
    for (const [wrong, fix, changed] of fixes) {
      const before = await derived(db)
      await replay(service, (payload, metadata) =>
        payload === 'all' ? fix(first(payload, metadata)) : first(payload, metadata),
      )
      const after = await derived(db)
      const differing = DERIVED.filter((table) => String(after[table]) !== String(before[table]))
      expect([wrong, differing]).toEqual([wrong, DERIVED.filter((table) => changed.includes(table))])
      const untouched = (rows: Record<string, readonly string[]>) =>
        rows['daily_summaries']!.filter((row) => row.includes('2026-03-05'))
      expect(untouched(after)).toEqual(untouched(before))
      await replay(service, first)
      const restored = await derived(db)
      for (const table of ['samples', 'sleep_stages', 'daily_metrics'])
        expect(restored[table]!.map(withoutTimes).toSorted()).toEqual(before[table]!.map(withoutTimes).toSorted())
    }
  })
})

/** Ids of rows made anew, and when, differ. */
function withoutTimes(row: string): string {
  return row
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'id')
    .replace(/2026-11-\d\d [\d:.+"]+|20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d+\+00/g, 'time')
}
