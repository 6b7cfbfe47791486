import { describe, expect, test } from 'vitest'
import { AppError } from '../runtime/errors.ts'
import { challengeOf, chooseReturnAddress } from './start-connection.ts'

const allowed = ['https://app.example.com/connected', 'https://other.example.com/']

describe('the address the browser returns to', () => {
  test.for([
    '//evil.example',
    '/\\evil.example',
    'https:evil.example',
    'https://app.example.com@evil.example/connected',
    'https://app.example.com/connected/../../evil',
    '%2f%2fevil.example',
    'https://app.example.com/connected\r\nlocation: https://evil.example',
    'https://APP.example.com/connected',
    'https://app.example.com/connected/',
    'https://app.example.com/connected?next=https://evil.example',
    'javascript:alert(1)',
    '',
  ])('is never %j', (wanted) => {
    expect(() => chooseReturnAddress(allowed, wanted)).toThrow(new AppError('connection/redirect_not_allowed'))
  })

  test('is refused when none is configured', () => {
    expect(() => chooseReturnAddress([], undefined)).toThrow(new AppError('connection/redirect_not_allowed'))
  })

  test('is the one asked for, or the first', () => {
    expect(chooseReturnAddress(allowed, 'https://other.example.com/')).toBe('https://other.example.com/')
    expect(chooseReturnAddress(allowed, undefined)).toBe('https://app.example.com/connected')
  })
})

describe('the challenge of a verifier', () => {
  test('is that of RFC 7636, appendix B', () => {
    expect(challengeOf('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe(
      'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    )
  })
})
