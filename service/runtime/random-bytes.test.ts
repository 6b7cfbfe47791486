import { expect, test } from 'vitest'
import { fillWithRandom, randomHex } from './random-bytes.ts'

test('nothing is given twice, also over many pages', () => {
  const nonces = Array.from({ length: 10_000 }, () => {
    const nonce = Buffer.alloc(12)
    fillWithRandom(nonce, 0, 12)
    return nonce.toString('hex')
  })
  const ids = Array.from({ length: 10_000 }, () => randomHex(8))
  expect(new Set(nonces).size).toBe(10_000)
  expect(new Set(ids).size).toBe(10_000)
  expect(ids.filter((id) => !/^[0-9a-f]{16}$/.test(id))).toEqual([])
})

test('only the bytes that were asked for are written', () => {
  const target = Buffer.alloc(14)
  fillWithRandom(target, 1, 12)
  expect([target[0], target[13]]).toEqual([0, 0])
  expect(target.subarray(1, 13).equals(Buffer.alloc(12))).toBe(false)
})

test('each byte takes every value, and none much more often', () => {
  const counts = new Map<string, number>()
  for (const pair of randomHex(4096)
    .match(/../g)!
    .concat(...Array.from({ length: 24 }, () => randomHex(4096).match(/../g)!)))
    counts.set(pair, (counts.get(pair) ?? 0) + 1)
  // 400 on average, with a standard deviation of 20.
  expect(counts.size).toBe(256)
  expect(Math.max(...counts.values())).toBeLessThan(540)
  expect(Math.min(...counts.values())).toBeGreaterThan(260)
})
