import { expect, test } from 'vitest'
import type { ActivityStreamRecord } from '../platforms/records.ts'
import { JoinedParts } from './join-parts.ts'

const series = (kind: string, offsetsS: number[], values: (number | null)[], sourceId = 'a'): ActivityStreamRecord => ({
  sourceId,
  kind,
  unit: '/min',
  offsetsS,
  values,
})

test('series of parts are joined, with nothing where a part has none of a kind, and the rest is what the last part yields', () => {
  const joined = new JoinedParts()
  const lap = { sourceId: 'a', lapNumber: 1, elapsedTimeS: 60 }
  joined.add({ activityStreams: [series('heart', [0, 1], [60, null])], activityLaps: [lap as never], rejected: [] })
  joined.add({
    activityStreams: [
      series('heart', [2, 3], [61, 62]),
      series('power', [2, 3], [200, 210]),
      series('heart', [7], [90], 'b'),
    ],
    rejected: [{ position: 0, reason: 'samples: some unreadable' }],
  })
  joined.add({
    activityStreams: [series('power', [4], [220])],
    activityLaps: [{ ...lap, elapsedTimeS: 300 } as never],
    rejected: [{ position: 0, reason: 'samples: some unreadable' }],
  })
  expect(joined.read()).toEqual({
    activityLaps: [{ ...lap, elapsedTimeS: 300 }],
    activityStreams: [
      series('heart', [0, 1, 2, 3, 4], [60, null, 61, 62, null]),
      series('power', [0, 1, 2, 3, 4], [null, null, 200, 210, 220]),
      series('heart', [7], [90], 'b'),
    ],
    rejected: [{ position: 0, reason: 'samples: some unreadable' }],
  })
})
