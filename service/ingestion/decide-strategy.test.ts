import { describe, expect, test } from 'vitest'
import {
  type ConnectionFacts,
  decideStrategy,
  expectWithinMs,
  remember,
  type Strategy,
  strategyOf,
} from './decide-strategy.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const NOW = new Date('2026-06-30T12:00:00Z')
const ago = (days: number) => new Date(NOW.getTime() - days * DAY)
/** Every `gap` days, the last one `last` days ago, in order of time. */
const every = (gap: number, { last, times = 8 }: { last: number; times?: number }) =>
  Array.from({ length: times }, (_, index) => ago(last + gap * (times - 1 - index)))

const facts = (over: Partial<ConnectionFacts>): ConnectionFacts => ({
  strategy: 'hybrid',
  polling: false,
  connectedAt: ago(365),
  lastHeardAt: over.heard?.at(-1) ?? null,
  now: NOW,
  heard: [],
  active: [],
  ...over,
})

/** Three weekends with eight deliveries each: rides and their titles; the last one's Sunday evening was so many days ago. */
const weekends = (last: number) =>
  [14, 7, 0].flatMap((week) => [1.5, 1.42, 1.3, 1.2, 0.5, 0.42, 0.2, 0].map((before) => ago(last + week + before)))

describe('the silence of webhooks', () => {
  test.for<[string, Partial<ConnectionFacts>, { polling: boolean; reason: string }]>([
    [
      'who trains daily, after a day and a half',
      { heard: every(1, { last: 1.5 }) },
      { polling: false, reason: 'webhooks_arrive' },
    ],
    ['who trains daily, after two days', { heard: every(1, { last: 2 }) }, { polling: true, reason: 'silent' }],
    [
      'who trains weekly, after two days',
      { heard: every(7, { last: 2 }) },
      { polling: false, reason: 'webhooks_arrive' },
    ],
    [
      'who trains weekly, after thirteen days',
      { heard: every(7, { last: 13 }) },
      { polling: false, reason: 'webhooks_arrive' },
    ],
    ['who trains weekly, after fourteen days', { heard: every(7, { last: 14 }) }, { polling: true, reason: 'silent' }],
    [
      'whose watch tells each hour, after 23 hours',
      { heard: every(1 / 2, { last: 1.4 }), lastHeardAt: ago(23 / 24) },
      { polling: false, reason: 'webhooks_arrive' },
    ],
    [
      'whose watch tells each hour, after a day',
      { heard: every(1 / 2, { last: 1.4 }), lastHeardAt: ago(1) },
      { polling: true, reason: 'silent' },
    ],
    [
      'who trains on weekends, much, after two days',
      { heard: weekends(2) },
      { polling: false, reason: 'webhooks_arrive' },
    ],
    ['who trains on weekends, much, after two weeks', { heard: weekends(14) }, { polling: true, reason: 'silent' }],
    [
      'who trains every forty days, after a month',
      { heard: every(40, { last: 30 }) },
      { polling: true, reason: 'silent' },
    ],
    [
      'heard three times only, after two days',
      { heard: every(1, { last: 2, times: 3 }) },
      { polling: false, reason: 'webhooks_arrive' },
    ],
    [
      'heard three times only, after three days',
      { heard: every(1, { last: 3, times: 3 }) },
      { polling: true, reason: 'silent' },
    ],
    [
      'heard once, whose past says weekly',
      { heard: [ago(6)], active: every(7, { last: 6 }) },
      { polling: false, reason: 'webhooks_arrive' },
    ],
    [
      'never heard, two days after connecting',
      { connectedAt: ago(2) },
      { polling: false, reason: 'waiting_for_the_first' },
    ],
    ['never heard, three days after connecting', { connectedAt: ago(3) }, { polling: true, reason: 'never_heard' }],
    [
      'heard before the new consent only',
      { connectedAt: ago(3), heard: every(0.5, { last: 4, times: 3 }) },
      { polling: true, reason: 'never_heard' },
    ],
    [
      'heard again while polled',
      { polling: true, heard: every(1, { last: 0 }) },
      { polling: false, reason: 'heard_again' },
    ],
    ['still silent while polled', { polling: true, heard: every(1, { last: 9 }) }, { polling: true, reason: 'silent' }],
    ['whose platform sends no webhooks', { strategy: 'pull' }, { polling: true, reason: 'no_webhooks' }],
    [
      'whose platform cannot be polled',
      { strategy: 'push', heard: every(1, { last: 9 }) },
      { polling: false, reason: 'silent_and_not_pollable' },
    ],
  ])('of somebody %s', ([, given, expected]) => {
    expect(decideStrategy(facts(given))).toMatchObject(expected)
  })

  test('is expected again at the time that the rhythm says, and not at all while polling', () => {
    expect(decideStrategy(facts({ heard: every(7, { last: 2 }) })).askAgainAt).toEqual(
      new Date(NOW.getTime() + 12 * DAY),
    )
    expect(decideStrategy(facts({ heard: every(1, { last: 2 }) })).askAgainAt).toBeNull()
  })

  test('takes one long holiday for what it is', () => {
    const heard = [ago(60), ...every(1, { last: 0, times: 12 })]
    expect(expectWithinMs({ heard, active: [] })).toBe(2 * DAY)
  })
})

describe('what was heard', () => {
  test('within half a day is one delivery', () => {
    const at = new Date(NOW.getTime() + 12 * HOUR - 1)
    expect(remember([NOW], at)).toEqual([NOW])
    expect(remember([NOW], new Date(NOW.getTime() + 12 * HOUR))).toHaveLength(2)
  })

  test('is remembered for the last twenty-four', () => {
    const heard = every(1, { last: 1, times: 24 })
    expect(remember(heard, NOW)).toEqual([...heard.slice(1), NOW])
  })
})

test.for<[boolean, boolean, Strategy]>([
  [true, true, 'hybrid'],
  [true, false, 'push'],
  [false, true, 'pull'],
  [false, false, 'push'],
])('a platform with webhooks (%s) and a list (%s) is followed by %s', ([webhook, list, expected]) => {
  const platform = { webhook: webhook ? {} : undefined, api: { history: list ? {} : undefined } }
  expect(strategyOf(platform as never)).toBe(expected)
})
