import { describe, expect, test } from 'vitest'
import { readLifetimeSeconds } from './token-endpoint.ts'

describe('the lifetime a token endpoint states', () => {
  test.for([
    0,
    -1,
    1e12,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '',
    'soon',
    '-5',
    '1e3',
    null,
    undefined,
    {},
    [3600],
    21600n,
  ])('is unknown when it says %s', (value) => {
    expect(readLifetimeSeconds(value)).toBeUndefined()
  })

  test('is whole seconds, up to a year', () => {
    expect(readLifetimeSeconds(21600)).toBe(21600)
    expect(readLifetimeSeconds('21600')).toBe(21600)
    expect(readLifetimeSeconds(3599.9)).toBe(3599)
    expect(readLifetimeSeconds(31_622_400)).toBe(31_622_400)
    expect(readLifetimeSeconds(31_622_401)).toBeUndefined()
  })
})
