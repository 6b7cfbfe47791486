import { expect, test } from 'vitest'
import { backoffSeconds } from './job-failure.ts'

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
