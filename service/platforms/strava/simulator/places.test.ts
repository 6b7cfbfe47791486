import { describe, expect, test } from 'vitest'
import { instantOf, offsetSeconds, timeZoneLabel } from './places.ts'

const day = (text: string) => Date.parse(`${text}T00:00:00Z`) / 86_400_000

describe('the offset of a time zone', () => {
  test.for([
    ['Europe/Berlin', '2026-03-29T00:59:59Z', 3600],
    ['Europe/Berlin', '2026-03-29T01:00:00Z', 7200],
    ['Europe/Berlin', '2026-10-25T00:59:59Z', 7200],
    ['Europe/Berlin', '2026-10-25T01:00:00Z', 3600],
    ['America/New_York', '2025-10-18T12:49:52Z', -14400],
    ['America/St_Johns', '2026-07-01T00:00:00Z', -9000],
    ['America/St_Johns', '2026-01-01T00:00:00Z', -12600],
    ['Asia/Kathmandu', '2026-01-01T00:00:00Z', 20700],
    ['Europe/London', '2026-01-01T00:00:00Z', 0],
  ] as const)('%s at %s is %i s', ([timeZone, instant, seconds]) => {
    expect(offsetSeconds(timeZone, Date.parse(instant))).toBe(seconds)
  })
})

describe('the instant of a wall time', () => {
  test.for([
    ['the day before the clocks go forward', '2026-03-28', 9, '2026-03-28T08:00:00.000Z'],
    ['the day they do', '2026-03-29', 9, '2026-03-29T07:00:00.000Z'],
    ['before they do', '2026-03-29', 1, '2026-03-29T00:00:00.000Z'],
    ['the day they go back', '2026-10-25', 9, '2026-10-25T08:00:00.000Z'],
  ] as const)('in Berlin, %s', ([, text, hour, instant]) => {
    const found = instantOf({ dayNumber: day(text), secondOfDay: hour * 3600 }, 'Europe/Berlin')
    expect(new Date(found).toISOString()).toBe(instant)
  })
})

test.for([
  ['America/New_York', '2026-07-01', '(GMT-05:00) America/New_York'],
  ['Australia/Sydney', '2026-01-01', '(GMT+10:00) Australia/Sydney'],
  ['America/St_Johns', '2026-07-01', '(GMT-03:30) America/St_Johns'],
  ['Europe/London', '2026-07-01', '(GMT+00:00) Europe/London'],
] as const)('the label of %s in %s has no daylight saving', ([timeZone, instant, label]) => {
  expect(timeZoneLabel(timeZone, Date.parse(instant))).toBe(label)
})
