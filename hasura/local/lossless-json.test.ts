import { expect, test } from 'vitest'
import { isLongNumber, parseLossless } from './lossless-json.ts'

test.each([
  '9007199254740993',
  '-12345678901234567890.10',
  '1234567890.1234567',
  '1e400',
  '{"a":[1,{"b":9007199254740993}],"c":"9007199254740993"}',
])('%s comes out as it went in', (text) => {
  expect(JSON.stringify(parseLossless(text))).toBe(text)
})

test.each([
  ['9007199254740992', 9_007_199_254_740_992],
  ['1.5000000000000000', 1.5],
  ['1e100', 1e100],
  ['"1234567890123456789"', '1234567890123456789'],
  ['0.1', 0.1],
])('%s is what it always was', (text, value) => {
  expect(parseLossless(text)).toBe(value)
})

test('a long number is told from an object that looks like one', () => {
  expect(isLongNumber(parseLossless('9007199254740993'))).toBe(true)
  expect(isLongNumber(parseLossless('{"rawJSON":"9007199254740993"}'))).toBe(false)
})
