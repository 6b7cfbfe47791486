import { describe, expect, test } from 'vitest'
import { arrayText, numbersText } from './sql.ts'

describe('an array as text', () => {
  test.for([
    [[], '{}'],
    [[1, -2.5, 1e-7, null], '{1,-2.5,1e-7,null}'],
    [[true, false], '{true,false}'],
    [['steps', 'a/b', '2024-01-01T00:00:00.000Z'], '{steps,a/b,2024-01-01T00:00:00.000Z}'],
    [['', 'null', 'NULL', null], '{"","null","NULL",null}'],
    [['a b', 'a,b', '{a}', 'Ada’s\u00a0Watch'], '{"a b","a,b","{a}","Ada’s\u00a0Watch"}'],
    [['say "a"', 'C:\\x', '\\"'], '{"say \\"a\\"","C:\\\\x","\\\\\\""}'],
  ] as const)('of %j is %s', ([values, text]) => {
    expect(arrayText(values)).toBe(text)
  })
})

test.for([
  [[], '{}'],
  [[1, -2.5, 1e-7, null, 1e21], '{1,-2.5,1e-7,null,1e+21}'],
  [[Number.NaN, Number.NEGATIVE_INFINITY, 0], '{null,null,0}'],
] as const)('the numbers %j are %s', ([values, text]) => {
  expect(numbersText(values)).toBe(text)
})
