import { describe, expect, test } from 'vitest'
import { parseJson } from './json.ts'

const LONG = ' '.repeat(5000)

describe.for([
  ['a short text', ''],
  ['a long one', LONG],
])('of %s', ([, padding]) => {
  test.for([
    ['{"id":9223372036854775807}', { id: 9_223_372_036_854_775_807n }],
    ['[-9007199254740993,9007199254740991]', [-9_007_199_254_740_993n, 9_007_199_254_740_991]],
    [
      '[0.1234567890123456,1e400,"9223372036854775807"]',
      [0.123_456_789_012_345_6, Number.POSITIVE_INFINITY, '9223372036854775807'],
    ],
    [
      '{"id":9007199254740993,"value":0.1234567890123456}',
      { id: 9_007_199_254_740_993n, value: 0.123_456_789_012_345_6 },
    ],
    ['[-9007199254740993]', [-9_007_199_254_740_993n]],
    ['9007199254740993', 9_007_199_254_740_993n],
    ['{"a":[true,null,12]}', { a: [true, null, 12] }],
  ] as const)('%s is read exactly', ([text, value]) => {
    expect(parseJson(text + padding)).toEqual(value)
  })

  test('what is not JSON is refused', () => {
    expect(() => parseJson(`{"a":}${padding}`)).toThrow(SyntaxError)
  })
})

test('what is read can be written again: a deep nest is refused, with long numbers or without', () => {
  for (const inside of ['', '12345678901234567'])
    expect(() => parseJson(`${'['.repeat(50_000)}${inside}${']'.repeat(50_000)}`)).toThrow('nested too deeply')
  expect(parseJson(`${'['.repeat(2_000)}12345678901234567${']'.repeat(2_000)}`)).toHaveLength(1)
  expect(JSON.stringify(parseJson(`${'['.repeat(2_000)}${']'.repeat(2_000)}`))).toHaveLength(4_000)
})
