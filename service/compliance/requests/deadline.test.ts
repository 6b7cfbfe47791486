import { describe, expect, test } from 'vitest'
import { lastDayToAnswer } from './deadline.ts'

// Dates and weekdays by a paper calendar; each row is one that naive arithmetic gets wrong.
const calendar = (...holidays: string[]) => ({ timeZone: 'Europe/Dublin', holidays: new Set(holidays) })

describe('a month to answer in', () => {
  test.for([
    ['an ordinary month', '2026-03-05', [], '2026-04-06', 'its end, 5 April, is a Sunday'],
    ['a month whose end is a working day', '2026-05-05', [], '2026-06-05', 'a Friday'],
    ['31 January, no leap year', '2025-01-31', [], '2025-02-28', 'a Friday; not 3 March'],
    ['31 January, leap year', '2028-01-31', [], '2028-02-29', 'a Tuesday'],
    ['30 January, no leap year', '2025-01-30', [], '2025-02-28', 'the month is too short by two days'],
    ['29 February', '2028-02-29', [], '2028-03-29', 'a Wednesday; not the 31st'],
    ['31 August', '2026-08-31', [], '2026-09-30', 'a Wednesday; not 1 October'],
    [
      '31 January before a short month that ends on a weekend',
      '2026-01-31',
      [],
      '2026-03-02',
      '28 February is a Saturday',
    ],
    ['31 December', '2026-12-31', [], '2027-02-01', 'over the year; 31 January is a Sunday'],
    ['a century year that is no leap year', '2100-01-29', [], '2100-03-01', '28 February 2100 is a Sunday'],
    [
      '25 November, over Christmas',
      '2026-11-25',
      ['2026-12-25', '2026-12-28'],
      '2026-12-29',
      'Friday, weekend, St Stephen’s moved',
    ],
    [
      'Good Friday to Easter Monday',
      '2026-03-03',
      ['2026-04-03', '2026-04-06'],
      '2026-04-07',
      'four days in a row are none',
    ],
    ['New Year', '2026-12-01', ['2027-01-01'], '2027-01-04', 'Friday, then a weekend'],
    [
      'a holiday on a weekend',
      '2026-07-15',
      ['2026-08-15'],
      '2026-08-17',
      'Saturday; the holiday gives no further day',
    ],
  ] as const)('%s', ([, received, holidays, due]) => {
    expect(lastDayToAnswer(received, 1, calendar(...holidays))).toBe(due)
  })
})

describe('two further months', () => {
  test.for([
    ['count from receipt, not from the shortened end', '2025-01-31', [], '2025-04-30'],
    ['count from receipt, not from an end that a weekend moved', '2026-03-05', [], '2026-06-05'],
    ['reach a short month', '2025-11-30', [], '2026-03-02'],
    ['reach a leap day', '2027-11-30', [], '2028-02-29'],
    ['end on a working day', '2026-09-25', ['2026-12-25', '2026-12-28'], '2026-12-29'],
  ] as const)('%s', ([, received, holidays, due]) => {
    expect(lastDayToAnswer(received, 3, calendar(...holidays))).toBe(due)
  })
})

test.for(['2026-02-30', '2026-1-5', '', 'tomorrow', '2026-01-31T00:00'])('%j is no day', (text) => {
  expect(() => lastDayToAnswer(text, 1, calendar())).toThrow(RangeError)
})
