import { describe, expect, test } from 'vitest'
import type { ActivityRecord, SampleRecord, SleepRecord } from '../platforms/records.ts'
import { checkRecords } from './check-records.ts'

const NOW = new Date('2026-03-01T12:00:00Z')
const sample: SampleRecord = {
  kind: 'steps',
  startedAt: new Date('2026-03-01T09:00:00Z'),
  endedAt: new Date('2026-03-01T09:15:00Z'),
  offsetSeconds: 3600,
  value: 420,
  source: '',
  variant: '',
  sourceId: null,
  manual: false,
}
const sleep: SleepRecord = {
  sourceId: '1',
  source: '',
  startedAt: new Date('2026-02-28T22:00:00Z'),
  endedAt: new Date('2026-03-01T06:00:00Z'),
  endOffsetSeconds: null,
  timeZone: null,
  nap: false,
  asleepS: null,
  inBedS: null,
  awakeS: null,
  lightS: null,
  deepS: null,
  remS: null,
  score: null,
  finality: 0,
  stages: [],
}

const NO_MEASURES = {
  distanceM: null,
  movingTimeS: null,
  elapsedTimeS: null,
  elevationGainM: null,
  meanSpeedMPerS: null,
  maxSpeedMPerS: null,
  heartRateMeanBpm: null,
  heartRateMaxBpm: null,
  cadenceMeanRpm: null,
  powerMeanW: null,
}
const workout: ActivityRecord = {
  ...NO_MEASURES,
  sourceId: '1',
  sport: 'run',
  sourceSport: 'Run',
  name: null,
  localDay: '2026-03-01',
  startedAt: new Date('2026-03-01T06:00:00Z'),
  endedAt: new Date('2026-03-01T07:00:00Z'),
  startOffsetSeconds: 3600,
  timeZone: null,
  startTimeHidden: false,
  energyKcal: null,
  manual: false,
  indoor: false,
  hasRoute: false,
  private: false,
  deviceName: null,
  sourceUrl: null,
  detailed: true,
}

describe('records before they are written', () => {
  test.for([
    ['NaN', { value: Number.NaN }, 'steps: not a number'],
    ['1e400', { value: Number('1e400') }, 'steps: not a number'],
    ['no time', { startedAt: new Date('soon') }, 'steps: not a time'],
    ['an end before its start', { endedAt: new Date('2026-03-01T08:59:59Z') }, 'steps: ends before it starts'],
    ['a start before 1970', { startedAt: new Date(-1) }, 'steps: starts before 1970 or in the future'],
    [
      'a start in the future',
      { startedAt: new Date('2026-03-02T12:00:01Z'), endedAt: new Date('2026-03-02T12:00:01Z') },
      'steps: starts before 1970 or in the future',
    ],
    ['forty days', { startedAt: new Date('2026-01-20T09:00:00Z') }, 'steps: too long'],
    ['an offset of 19 hours', { offsetSeconds: 68_400 }, 'steps: offset beyond 18 hours'],
    ['an offset of NaN', { offsetSeconds: Number.NaN }, 'steps: offset beyond 18 hours'],
    ['the 30th of February', { localDay: '2026-02-30' }, 'steps: not a day'],
    ['next year', { localDay: '2027-03-01' }, 'steps: not a day'],
    ['less than nothing', { value: -1 }, 'steps: below zero'],
    ['a million million', { value: 1e12 }, 'steps: beyond reason'],
  ] as const)('a sample of %s is rejected alone', ([, change, reason]) => {
    const { samples, rejected } = checkRecords({ samples: [{ ...sample, ...change }, sample], rejected: [] }, NOW)
    expect(samples).toEqual([sample])
    expect(rejected).toEqual([{ position: 1_000_000, reason }])
  })

  test('a sleep of three days, or with a stage that ends before it starts, is rejected alone', () => {
    const long = { ...sleep, startedAt: new Date('2026-02-26T06:00:00Z') }
    const stage = { stage: 'rem', startedAt: sleep.endedAt, endedAt: sleep.startedAt } as const
    const { sleepSessions, rejected } = checkRecords(
      { sleepSessions: [long, { ...sleep, stages: [stage] }, sleep], rejected: [{ position: 3, reason: 'before' }] },
      NOW,
    )
    expect(sleepSessions).toEqual([sleep])
    expect(rejected).toEqual([
      { position: 3, reason: 'before' },
      { position: 1_000_000, reason: 'sleep: too long', sourceId: '1' },
      { position: 1_000_001, reason: 'sleep stage rem: ends before it starts', sourceId: '1' },
    ])
  })

  test('a daily number without a day is rejected alone', () => {
    const metric = { kind: 'steps', localDay: '2026-03-01', value: 1 } as const
    const { dailyMetrics, rejected } = checkRecords(
      { dailyMetrics: [{ ...metric, localDay: '1/3/2026' }, metric, { ...metric, value: Infinity }], rejected: [] },
      NOW,
    )
    expect(dailyMetrics).toEqual([metric])
    expect(rejected.map(({ reason }) => reason)).toEqual(['steps: not a day', 'steps: not a number'])
  })

  test('degrees may be below zero', () => {
    const frost = { ...sample, kind: 'water_temperature_celsius', value: -1.5 } as const
    expect(checkRecords({ samples: [frost], rejected: [] }, NOW).samples).toEqual([frost])
  })

  test.for([
    [
      'of the future',
      { startedAt: new Date('2026-03-03T12:00:00Z'), endedAt: null },
      'starts before 1970 or in the future',
    ],
    ['that ends before it starts', { endedAt: new Date('2026-03-01T05:00:00Z') }, 'ends before it starts'],
    ['of forty days', { startedAt: new Date('2026-01-20T06:00:00Z') }, 'too long'],
    ['without a time and a day', { startedAt: null, localDay: undefined }, 'neither a time nor a day'],
    ['of the 30th of February', { localDay: '2026-02-30' }, 'not a day'],
  ] as const)('a workout %s is rejected alone, with what belongs to it', ([, change, reason]) => {
    const lap = { ...NO_MEASURES, lapNumber: 1, startedAt: null }
    const stream = { kind: 'heart_rate_bpm', unit: '/min', offsetsS: [0], values: [120] }
    const zone = {
      kind: 'heart_rate_bpm' as const,
      zoneNumber: 1,
      unit: '/min',
      lowerBound: 0,
      upperBound: 120,
      timeS: 60,
    }
    const records = {
      // As a normalizer would leave it out, were it unknown.
      activities: [{ ...workout, sourceId: 'bad', ...change } as ActivityRecord, workout],
      activityStreams: [
        { ...stream, sourceId: 'bad' },
        { ...stream, sourceId: '1' },
      ],
      activityLaps: [
        { ...lap, sourceId: 'bad' },
        { ...lap, sourceId: '1' },
      ],
      activityZones: ['bad', '1'].map((sourceId) => ({ ...zone, sourceId })),
      rejected: [],
    }
    const { activities, activityStreams, activityLaps, activityZones, rejected } = checkRecords(records, NOW)
    expect(activities).toEqual([workout])
    expect(activityStreams).toEqual([{ ...stream, sourceId: '1' }])
    expect(activityLaps).toEqual([{ ...lap, sourceId: '1' }])
    expect(activityZones).toEqual([{ ...zone, sourceId: '1' }])
    expect(rejected).toEqual([{ position: 1_000_000, reason: `activity: ${reason}`, sourceId: 'bad' }])
  })

  test('a workout loses the numbers that cannot be true, and nothing else', () => {
    const wrong = { ...workout, movingTimeS: 9e9, distanceM: -1, powerMeanW: Number.NaN, energyKcal: 500 }
    const { activities, rejected } = checkRecords({ activities: [wrong], rejected: [] }, NOW)
    expect(activities).toEqual([{ ...wrong, movingTimeS: null, distanceM: null, powerMeanW: null }])
    expect(rejected.map(({ reason, items }) => [reason, items])).toEqual([
      ['activity: movingTimeS beyond reason', 0],
      ['activity: distanceM beyond reason', 0],
      ['activity: powerMeanW beyond reason', 0],
    ])
  })

  test('good records pass as they are', () => {
    const records = { samples: [sample], sleepSessions: [sleep], dailyMetrics: [], rejected: [] }
    expect(checkRecords(records, NOW)).toEqual(records)
  })
})
