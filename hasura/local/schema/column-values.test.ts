import { describe, expect, test } from 'vitest'
import { numberText, toColumnValue } from './column-values.ts'

const single = (typeName: string) => ({ typeName, isArray: false })
const OUT_OF_BOUNDS = 'lies outside the bounds or is not an integer. Maybe it is a float, or is there integer overflow?'

describe('a value for a column', () => {
  test.each([
    ['int4', 2_147_483_648, `The value 2.147483648e9 ${OUT_OF_BOUNDS}`],
    ['int2', 32_768, `The value 32768.0 ${OUT_OF_BOUNDS}`],
    ['int4', 1.5, `The value 1.5 ${OUT_OF_BOUNDS}`],
    ['text', 5, 'parsing Text failed, expected String, but encountered Number'],
    ['bool', 1, 'parsing Bool failed, expected Bool, but encountered Number'],
    ['uuid', {}, 'parsing UUID failed, expected String, but encountered Object'],
    ['int4', [1], 'parsing number failed, expected Number, but encountered Array'],
  ])('of type %s is refused: %j', (typeName, json, message) => {
    expect(() => toColumnValue(single(typeName), json)).toThrow(message)
  })

  test.each([
    ['int4', '5', '5'],
    ['int4', -2_147_483_648, '-2147483648'],
    ['timestamptz', 'now()', 'now()'],
    ['bool', true, 'true'],
    ['jsonb', 'text', '"text"'],
    ['jsonb', { a: [1] }, '{"a":[1]}'],
    ['text', null, null],
  ])('of type %s is taken: %j', (typeName, json, text) => {
    expect(toColumnValue(single(typeName), json)).toBe(text)
  })

  test('keeps the items of an array, nulls included', () => {
    expect(toColumnValue({ typeName: 'int4', isArray: true }, [1, null, '3'])).toEqual(['1', null, '3'])
  })

  test('keeps every digit of a number that was written out', () => {
    expect(numberText('numeric', '0.10000000000000000000001')).toBe('0.10000000000000000000001')
    expect(numberText('int8', '9223372036854775807')).toBe('9223372036854775807')
    expect(() => numberText('int8', '9223372036854775808')).toThrow(OUT_OF_BOUNDS)
  })
})
