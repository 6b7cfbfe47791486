import { describe, expect, test } from 'vitest'
import { estimateProgress } from './decide-progress.ts'

const until = new Date('2026-01-01T00:00:00Z')

describe('the progress of a run', () => {
  test.for([
    ['nothing yet', '1970-01-01T00:00:00Z', '2026-01-01T00:00:00Z', 0],
    ['half of an expected decade', '1970-01-01T00:00:00Z', '2021-01-01T00:00:00Z', 0.4999],
    ['more than a decade', '1970-01-01T00:00:00Z', '2009-01-01T00:00:00Z', 0.99],
    ['half of the two days that were asked for', '2025-12-30T00:00:00Z', '2025-12-31T00:00:00Z', 0.5],
    ['a page newer than the start', '2025-12-30T00:00:00Z', '2026-01-02T00:00:00Z', 0],
  ] as const)('with %s', ([, since, reached, expected]) => {
    expect(estimateProgress({ since: new Date(since), until, reached: new Date(reached) })).toBeCloseTo(expected, 3)
  })
})
