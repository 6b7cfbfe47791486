import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

type By = 'day' | 'month'
interface Bucket {
  start: number
  activities: number
  activeDays: number
  kilometres: number | null
  hours: number | null
  heartRate: number | null
}

// The browser's own file; it has no declarations beside its comments.
const { fillBuckets, firstDay, movingAverage } = (await import(join(import.meta.dirname, 'assets/days.js'))) as {
  fillBuckets: (days: readonly object[], span: { from: string; to: string; by: By }) => Bucket[]
  firstDay: (range: { months: number; by: By }, today: string) => string
  movingAverage: (values: readonly (number | null)[], options: { size: number; empty: 0 | null }) => (number | null)[]
}

const day = (local_day: string, values: object = {}) => ({
  local_day,
  activity_count: 1,
  distance_m: null,
  moving_time_s: null,
  heart_rate_mean_bpm: null,
  ...values,
})

describe('the first day of a period', () => {
  test.each([
    [1, 'day', { today: '2026-11-23', expected: '2026-10-24' }],
    [6, 'day', { today: '2026-11-23', expected: '2026-05-24' }],
    [12, 'day', { today: '2026-11-23', expected: '2025-11-24' }],
    [1, 'day', { today: '2026-03-31', expected: '2026-03-01' }],
    [1, 'day', { today: '2024-03-31', expected: '2024-03-01' }],
    [1, 'day', { today: '2026-01-15', expected: '2025-12-16' }],
    [120, 'month', { today: '2026-11-23', expected: '2016-12-01' }],
  ] as const)('of %d months by %s: %j', (months, by, { today, expected }) => {
    expect(firstDay({ months, by }, today)).toBe(expected)
  })
})

describe('buckets', () => {
  test('hold every day, and null where nothing was measured', () => {
    const buckets = fillBuckets(
      [day('2026-03-28', { distance_m: 5000, moving_time_s: 1800, heart_rate_mean_bpm: 140 }), day('2026-03-30')],
      { from: '2026-03-28', to: '2026-03-30', by: 'day' },
    )
    expect(buckets).toEqual([
      { start: 1774656000, activities: 1, activeDays: 1, kilometres: 5, hours: 0.5, heartRate: 140 },
      { start: 1774742400, activities: 0, activeDays: 0, kilometres: null, hours: null, heartRate: null },
      { start: 1774828800, activities: 1, activeDays: 1, kilometres: null, hours: null, heartRate: null },
    ])
  })

  test('add up the days of a month, and weigh heart rates by moving time', () => {
    const buckets = fillBuckets(
      [
        day('2026-01-02', { distance_m: 1000, moving_time_s: 3600, heart_rate_mean_bpm: 120, activity_count: 2 }),
        day('2026-01-31', { distance_m: 2500, moving_time_s: 7200, heart_rate_mean_bpm: 150 }),
        day('2026-03-01', { distance_m: 100 }),
      ],
      { from: '2026-01-01', to: '2026-03-01', by: 'month' },
    )
    expect(buckets).toEqual([
      { start: 1767225600, activities: 3, activeDays: 2, kilometres: 3.5, hours: 3, heartRate: 140 },
      { start: 1769904000, activities: 0, activeDays: 0, kilometres: null, hours: null, heartRate: null },
      { start: 1772323200, activities: 1, activeDays: 1, kilometres: 0.1, hours: null, heartRate: null },
    ])
  })
})

describe('a moving average', () => {
  test('counts a day without training as zero where values add up', () => {
    expect(movingAverage([6, null, 3], { size: 3, empty: 0 })).toEqual([null, null, 3])
  })

  test('leaves out what was not measured where values are levels', () => {
    expect(movingAverage([140, null, 150, null, null], { size: 2, empty: null })).toEqual([null, 140, 150, 150, null])
  })
})
