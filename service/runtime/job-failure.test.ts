import { expect, test } from 'vitest'
import { AppError } from './errors.ts'
import { backoffSeconds, decideFate } from './job-failure.ts'

test.for<[number, number, number]>([
  [1, 0, 1.5],
  [1, 0.5, 2],
  [1, 1, 2.5],
  [2, 0.5, 4],
  [3, 0.5, 8],
  // Six hours at most.
  [25, 0.5, 21_600],
])(
  'the wait after attempt %i is doubled, and a quarter more or less by chance (%d): %d s',
  ([attempts, random, seconds]) => {
    expect(backoffSeconds(attempts, { random })).toBe(seconds)
  },
)

test('an import begins with ten seconds', () => {
  expect([1, 2, 3, 4].map((attempts) => backoffSeconds(attempts, { firstSeconds: 10, random: 0.5 }))).toEqual([
    10, 20, 40, 80,
  ])
})

const job = { id: '1', key: null, attempts: 3, maxAttempts: 3, worker: 'w', lockedAt: new Date() }

test.for(['platform/rate_limited', 'platform/paused', 'connection/refresh_busy'] as const)(
  '%s is waited for, at the last attempt, too, for as long as it says',
  (code) => {
    const fateOf = (facts: Record<string, number>) => decideFate(new AppError(code, facts), { job, random: 0 })
    expect(fateOf({ retry_after_seconds: 90 })).toEqual({ kind: 'postponed', afterSeconds: 90 })
    expect(fateOf({})).toEqual({ kind: 'postponed', afterSeconds: 15 })
  },
)
