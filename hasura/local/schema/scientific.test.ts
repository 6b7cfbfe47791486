import { expect, test } from 'vitest'
import { scientificText } from './scientific.ts'

test.each([
  ['5', '5.0'],
  ['-0', '0.0'],
  ['1.10', '1.1'],
  ['-1.1', '-1.1'],
  ['0.1', '0.1'],
  ['0.01', '1.0e-2'],
  ['-1E-30', '-1.0e-30'],
  ['9999999', '9999999.0'],
  ['1200', '1200.0'],
  ['10000000', '1.0e7'],
  ['2147483648', '2.147483648e9'],
  ['12345678901234567890.123', '1.2345678901234567890123e19'],
  ['0.5e3', '500.0'],
])('the number %s is written %s', (text, written) => {
  expect(scientificText(text)).toBe(written)
})
