import { expect, test } from 'vitest'
import { urgencyOf } from './sync-rules.ts'

test.for([
  ['incremental', 'person', 'interactive'],
  ['incremental', 'schedule', 'polling'],
  ['incremental', 'operator', 'polling'],
  ['incremental', 'connection', 'polling'],
  ['history', 'person', 'history'],
  ['history', 'connection', 'history'],
] as const)('%s asked by %s takes the share of %s', ([kind, askedBy, share]) => {
  expect(urgencyOf({ kind, askedBy })).toBe(share)
})
