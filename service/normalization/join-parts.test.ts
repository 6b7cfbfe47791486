import { expect, test } from 'vitest'
import type { ActivityStreamRecord } from '../platforms/records.ts'
import { JoinedParts } from './join-parts.ts'

const series = (kind: string, points: Record<number, number | null>): ActivityStreamRecord => ({
  sourceId: 'a',
  kind,
  unit: '/min',
  offsetsS: Object.keys(points).map(Number),
  values: Object.values(points),
})

test('series of parts are joined, with nothing where a part has none of a kind, and the rest is what the last part yields', () => {
  const joined = new JoinedParts()
  const lap = { sourceId: 'a', lapNumber: 1, elapsedTimeS: 60 }
  joined.add({ activityStreams: [series('heart', { 0: 60, 1: null })], activityLaps: [lap as never], rejected: [] })
  joined.add({
    activityStreams: [
      series('heart', { 2: 61, 3: 62 }),
      series('power', { 2: 200, 3: 210 }),
      { ...series('heart', { 7: 90 }), sourceId: 'b' },
    ],
    rejected: [{ position: 0, reason: 'samples: some unreadable' }],
  })
  joined.add({
    activityStreams: [series('power', { 4: 220 })],
    activityLaps: [{ ...lap, elapsedTimeS: 300 } as never],
    rejected: [{ position: 0, reason: 'samples: some unreadable' }],
  })
  expect(joined.read()).toEqual({
    activityLaps: [{ ...lap, elapsedTimeS: 300 }],
    activityStreams: [
      series('heart', { 0: 60, 1: null, 2: 61, 3: 62, 4: null }),
      series('power', { 0: null, 1: null, 2: 200, 3: 210, 4: 220 }),
      { ...series('heart', { 7: 90 }), sourceId: 'b' },
    ],
    rejected: [{ position: 0, reason: 'samples: some unreadable' }],
  })
})
