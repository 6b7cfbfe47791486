import { describe, expect } from 'vitest'
import type { ConfiguredPlatform, Normalize } from '../../service/platforms/contract.ts'
import type { Records } from '../../service/platforms/records.ts'
import type { TestDatabase } from '../support/database.ts'
import { ADA } from '../support/people.ts'
import { DERIVED, derived, replay, withoutTimes } from '../support/replay-scene.ts'
import { connect, type TestService, testWithFew as test } from '../support/service.ts'

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
    activityZones: [zone(1, 0, 120), zone(2, 120, null)],
    activityStreams: [{ sourceId: 'w1', kind: 'heart_rate_bpm', unit: '/min', offsetsS: [0, 1], values: [100, null] }],
    samples: [sample('09:00', 100), sample('09:15', 200)],
    sampleSpans: [{ kinds: ['steps'], from, to, source: null, variant: null }],
    sleepSessions: [night],
    dailyMetrics: [{ localDay: '2026-03-01', kind: 'resting_heart_rate_bpm', value: 50 }],
    rejected: [{ position: 3, reason: 'bad' }],
  }
}
const zone = (zoneNumber: number, lowerBound: number, upperBound: number | null) => ({
  sourceId: 'w1',
  kind: 'heart_rate_bpm' as const,
  zoneNumber,
  unit: '/min',
  lowerBound,
  upperBound,
  timeS: 900,
})
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
  await replay(service, acme(first))
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
    for (const table of ['activities', 'samples', 'sleep_stages', 'activity_laps', 'activity_zones', 'merged_metrics'])
      expect(before[table]).not.toEqual([])
    await replay(service, acme(first))
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
    ['zones that never were', (records) => ({ ...records, activityZones: [] }), ['activity_zones']],
    [
      'a zone that never was, and one that was wrong',
      (records) => ({ ...records, activityZones: [zone(1, 0, 125)] }),
      ['activity_zones'],
    ],
    [
      'a workout that never was',
      ({ activities: _gone, activityLaps: _laps, activityStreams: _streams, activityZones: _zones, ...records }) =>
        records,
      [
        'activities',
        'activity_streams',
        'activity_laps',
        'activity_zones',
        'daily_metrics',
        'merged_metrics',
        'daily_summaries',
      ],
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
      await replay(
        service,
        acme((payload, metadata) => (payload === 'all' ? fix(first(payload, metadata)) : first(payload, metadata))),
      )
      const after = await derived(db)
      const differing = DERIVED.filter((table) => String(after[table]) !== String(before[table]))
      expect([wrong, differing]).toEqual([wrong, DERIVED.filter((table) => changed.includes(table))])
      const untouched = (rows: Record<string, readonly string[]>) =>
        rows['daily_summaries']!.filter((row) => row.includes('2026-03-05'))
      expect(untouched(after)).toEqual(untouched(before))
      await replay(service, acme(first))
      const restored = await derived(db)
      for (const table of ['samples', 'sleep_stages', 'daily_metrics'])
        expect(restored[table]!.map(withoutTimes).toSorted()).toEqual(before[table]!.map(withoutTimes).toSorted())
    }
  })

  test('removes what turns out to be of another kind, though all else about it is the same', async ({
    db,
    service,
  }) => {
    await db.admin.query('insert into app_users (user_id) values ($1)', [ADA])
    await receive(db, service)
    const kinds = async () => {
      const { rows } = await db.admin.query(`
        select array(select distinct kind from samples) as samples, array(select kind from activity_streams) as series,
          array(select distinct kind from activity_zones) as zones,
          array(select kind from daily_metrics where not derived and local_day = '2026-03-01') as days`)
      return rows[0]
    }
    expect(await kinds()).toEqual({
      samples: ['steps'],
      series: ['heart_rate_bpm'],
      zones: ['heart_rate_bpm'],
      days: ['resting_heart_rate_bpm'],
    })
    const asOthers: Normalize = (payload, metadata) => {
      const records = first(payload, metadata)
      if (payload !== 'all') return records
      return {
        ...records,
        samples: records.samples!.map((each) => ({ ...each, kind: 'floors_climbed' })),
        sampleSpans: [],
        activityStreams: records.activityStreams!.map((each) => ({ ...each, kind: 'power_w' })),
        activityZones: records.activityZones!.map((each) => ({ ...each, kind: 'power_w' })),
        dailyMetrics: records.dailyMetrics!.map((each) => ({ ...each, kind: 'body_weight_kg' })),
      }
    }
    await replay(service, acme(asOthers))
    expect(await kinds()).toEqual({
      samples: ['floors_climbed'],
      series: ['power_w'],
      zones: ['power_w'],
      days: ['body_weight_kg'],
    })
  })

  // Asked directly: the zones that an activity has are replaced whole just after.
  test('removes the zones of one kind though those of another have their numbers', async ({ db, service }) => {
    await db.admin.query('insert into app_users (user_id) values ($1)', [ADA])
    await receive(db, service)
    const produced = {
      activities: [{ sourceId: 'w1' }],
      activityZones: [
        { sourceId: 'w1', kind: 'power_w', zoneNumber: 1 },
        { sourceId: 'w1', kind: 'heart_rate_bpm', zoneNumber: 2 },
      ],
    }
    await db.service.query(
      `select ops.remove_unproduced(user_id, 'acme', raw_id, raw_created_at, $1)
       from (select distinct user_id, raw_id, raw_created_at from activity_zones) z`,
      [JSON.stringify(produced)],
    )
    const { rows } = await db.admin.query('select kind, zone_number from activity_zones')
    expect(rows).toEqual([{ kind: 'heart_rate_bpm', zone_number: 2 }])
  })
})
