import { expect, test } from 'vitest'
import { lineThrough } from './memory-watch.ts'

test('the line through what was seen says how much memory grows in a minute, and from where to where', () => {
  // By hand: means 2.5 and 15, sums of products 34 and of squares 17.5.
  const seen = [10, 12, 15, 15, 18, 20].map((mb, minute) => ({ minute, mb }))
  const { mbPerMinute, fromMb, toMb } = lineThrough(seen)
  expect([mbPerMinute, fromMb, toMb].map((value) => value.toFixed(2))).toEqual(['1.94', '10.14', '19.86'])
})

test('memory that stays has no slope', () => {
  expect(lineThrough([5, 5, 5].map((mb, minute) => ({ minute, mb })))).toEqual({ mbPerMinute: 0, fromMb: 5, toMb: 5 })
})
