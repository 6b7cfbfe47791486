import { describe, expect, test } from 'vitest'
import { readRetryAfter } from './retry-after.ts'

const NOW = new Date('2026-03-01T12:00:00Z')
const read = (headers: Record<string, string>) => readRetryAfter(new Headers(headers), NOW)

describe('Retry-After', () => {
  test.each([
    ['nothing', {}],
    ['an empty value', { 'retry-after': '' }],
    ['a word', { 'retry-after': 'soon' }],
    ['a negative number', { 'retry-after': '-5' }],
    ['a fraction', { 'retry-after': '1.5' }],
    ['a date in a form of another specification', { 'retry-after': '2026-03-01T12:00:30Z' }],
  ])('of %s says nothing', (_, headers) => {
    expect(read(headers as Record<string, string>)).toBeUndefined()
  })

  test.each([
    ['seconds', { 'retry-after': '120' }, 120],
    ['seconds with space around them', { 'retry-after': ' 7 ' }, 7],
    ['a date', { 'retry-after': 'Sun, 01 Mar 2026 12:00:30 GMT' }, 30],
    ['a date that is past', { 'retry-after': 'Sun, 01 Mar 2026 11:00:00 GMT' }, 0],
    ['more than a day', { 'retry-after': '999999999' }, 86_400],
  ])('of %s is read', (_, headers, seconds) => {
    expect(read(headers as Record<string, string>)).toBe(seconds)
  })

  test('of a date is read against the clock of whoever wrote it', () => {
    const hourAhead = { date: 'Sun, 01 Mar 2026 13:00:00 GMT', 'retry-after': 'Sun, 01 Mar 2026 13:00:30 GMT' }
    expect(read(hourAhead)).toBe(30)
  })
})
