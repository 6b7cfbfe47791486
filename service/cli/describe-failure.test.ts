import { parseArgs } from 'node:util'
import { expect, test } from 'vitest'
import { describeFailure } from './describe-failure.ts'

const failed = (work: () => unknown): unknown => {
  try {
    return work()
  } catch (error) {
    return error
  }
}

test.for([
  [new Error('no such platform; see the list'), 'no such platform; see the list'],
  [new Error('first line\nsecond line'), 'first line'],
  [
    new Error(
      'Bad environment:\n  DATABASE_URL: Invalid input: expected string, received undefined\n  A: Invalid input: expected string, received undefined\n  B: too short',
    ),
    'Bad environment: without DATABASE_URL, A; B: too short; start npm start first, or set what is named',
  ],
  [failed(() => parseArgs({ args: ['--year', '3'] })), "Unknown option '--year'; see npm run tributary -- help"],
  [
    Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9'), { code: 'ECONNREFUSED' }),
    'the database does not answer (connect ECONNREFUSED 127.0.0.1:9): start npm start, or correct DATABASE_URL',
  ],
  ['not an error', 'failed'],
] as const)('%j is one line', ([error, line]) => {
  expect(describeFailure(error)).toBe(line)
})
