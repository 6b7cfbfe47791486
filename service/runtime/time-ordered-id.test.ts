import { expect, test } from 'vitest'
import { timeOrderedId } from './time-ordered-id.ts'

/** RFC 9562, appendix A.6: 2022-02-22T19:22:22.000Z. */
test('begins with the milliseconds, and says what it is', () => {
  const ids = Array.from({ length: 1_000 }, () => timeOrderedId(1_645_557_742_000))
  expect(ids.filter((id) => !/^017f22e2-79b0-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id))).toEqual([])
  expect(new Set(ids).size).toBe(1_000)
  expect(new Set(ids.map((id) => id[19]))).toEqual(new Set(['8', '9', 'a', 'b']))
})
