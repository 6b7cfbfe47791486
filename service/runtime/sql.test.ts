import { describe, expect, test } from 'vitest'
import { arrayText } from './sql.ts'

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
