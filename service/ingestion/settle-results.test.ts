import { describe, expect, test } from 'vitest'
import type { RunResult } from './runs.ts'
import { isOver, lookAgainAt, settleResults } from './settle-results.ts'

const noon = new Date('2026-03-01T12:00:00Z')
const at = (text: string) => new Date(`2026-03-${text}:00Z`)
const asked: RunResult = { data_type: 'sleeps', outcome: 'requested', records: 0, requested: 2, reason: null }
const window = (records: number, last: string | null) => ({
  dataType: 'sleeps',
  records,
  lastArrivedAt: last === null ? null : at(last),
})
const waiting = (now: string, isEnded = false) => ({ now: at(now), lastAskedAt: noon, hours: 24, isEnded })

describe('what was asked for', () => {
  test.for<[string, Parameters<typeof settleResults>[1], string, Partial<RunResult>]>([
    [
      'is counted while it comes',
      [window(3, '01T12:10'), window(0, null)],
      '01T12:20',
      { outcome: 'requested', records: 3 },
    ],
    [
      'is not here as long as more keeps coming',
      [window(3, '01T12:10'), window(2, '01T13:00')],
      '01T13:59',
      { outcome: 'requested', records: 5 },
    ],
    [
      'is here when something of each period is, and nothing came for an hour',
      [window(3, '01T12:10'), window(2, '01T13:00')],
      '01T14:00',
      { outcome: 'complete', records: 5, reason: null },
    ],
    [
      'is waited for a day where something of a period is lacking',
      [window(3, '01T12:10'), window(0, null)],
      '02T11:59',
      { outcome: 'requested', records: 3 },
    ],
    [
      'is here in part after a day',
      [window(3, '01T12:10'), window(0, null)],
      '02T12:00',
      { outcome: 'partial', records: 3, reason: 'nothing_came' },
    ],
    [
      'is not there when nothing came in a day',
      [window(0, null), window(0, null)],
      '02T12:00',
      { outcome: 'not_available', records: 0, reason: 'nothing_came' },
    ],
  ])('%s', ([, windows, now, expected]) => {
    expect(settleResults([asked], windows, waiting(now))).toEqual([{ ...asked, ...expected }])
  })

  test('stays in part what it was in part before it came', () => {
    const cut = { ...asked, reason: 'older_than_the_platform_gives' }
    expect(settleResults([cut], [window(3, '01T12:10')], waiting('02T12:00'))).toEqual([
      { ...cut, outcome: 'partial', records: 3 },
    ])
  })

  test('counts on once it is here, and keeps its word and its count', () => {
    const here: RunResult = { ...asked, outcome: 'complete', records: 5 }
    expect(settleResults([here], [window(7, '01T15:00')], waiting('01T15:01'))).toEqual([{ ...here, records: 7 }])
    expect(settleResults([here], [window(0, null)], waiting('02T12:00'))).toEqual([here])
  })

  test('ends with the consent', () => {
    expect(settleResults([asked], [window(3, '01T12:10'), window(0, null)], waiting('01T12:20', true))).toEqual([
      { ...asked, outcome: 'partial', records: 3, reason: 'cancelled' },
    ])
    expect(isOver(waiting('01T12:20', true))).toBe(true)
  })

  test('is not touched where nothing was asked of its kind', () => {
    const other = { ...asked, data_type: 'hrv' }
    expect(settleResults([other], [window(3, '01T12:10')], waiting('02T12:00'))).toEqual([other])
  })
})

test.for([
  ['01T12:00', '01T12:01'],
  ['01T12:10', '01T12:15'],
  ['01T18:00', '01T19:00'],
  ['02T11:45', '02T12:00'],
] as const)('at %s it is looked at again at %s', ([now, next]) => {
  expect(lookAgainAt(waiting(now))).toEqual(at(next))
})
