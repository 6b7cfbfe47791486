import { expect, test } from 'vitest'
import type { HistoryCursor, HistoryPage } from '../contract.ts'
import platform from './platform.ts'

const { api } = platform.connect(
  platform.env.parse({
    OURA_CLIENT_ID: 'id',
    OURA_CLIENT_SECRET: 's',
    OURA_WEBHOOK_SECRET: 'w'.repeat(32),
    OURA_WEBHOOK_VERIFICATION_TOKEN: 'v'.repeat(16),
  }),
)!
const { history } = api
const LISTS = 12

test('a window asks each list, with a day more on each side but for moments', () => {
  let cursor = history.first(new Date('2026-07-31T12:00:00Z'))
  const urls: string[] = []
  for (let list = 0; list < LISTS; list += 1) {
    urls.push(history.request(cursor).url.replace('https://api.ouraring.com/v2/usercollection/', ''))
    const page = history.read({ data: [{}], next_token: null }, cursor)
    expect(page.recordCount).toBe(1)
    // The window is reached when its last list is.
    expect(page.reached).toEqual(list === LISTS - 1 ? new Date('2026-07-01T12:00:00Z') : null)
    cursor = page.next!
  }
  expect(urls[0]).toBe('sleep?start_date=2026-06-30&end_date=2026-08-01')
  expect(urls.at(-2)).toBe('vO2_max?start_date=2026-06-30&end_date=2026-08-01')
  expect(urls.at(-1)).toBe(
    'heartrate?start_datetime=2026-07-01T12%3A00%3A00.000Z&end_datetime=2026-07-31T12%3A00%3A00.000Z',
  )
  expect(history.request(cursor).url).toContain('/sleep?start_date=2026-05-31&end_date=2026-07-02')
})

test('a list goes on page by page before the next one is asked', () => {
  const first = history.first(new Date('2026-07-31T00:00:00Z'))
  const { next } = history.read({ data: [{}], next_token: 'a b' }, first)
  expect(history.dataType(next!)).toBe('sleep')
  expect(history.request(next!).url).toContain('&next_token=a+b')
  const after = history.read({ data: [], next_token: null }, next!)
  expect(history.dataType(after.next!)).toBe('workout')
  expect(history.request(after.next!).url).not.toContain('next_token')
})

test('a list that comes whole has everything of its window, one in several pages on none of them', () => {
  const first = history.first(new Date('2026-07-31T12:00:00Z'))
  expect(history.read({ data: [{}], next_token: null }, first).covers).toEqual({
    from: new Date('2026-07-01T12:00:00Z'),
    to: new Date('2026-07-31T12:00:00Z'),
  })
  const { covers, next } = history.read({ data: [{}], next_token: 'more' }, first)
  expect(covers).toBeNull()
  expect(history.read({ data: [{}], next_token: null }, next!).covers).toBeNull()
})

/** Reads it to the end; `full`: whether the list of daily activity has a document in this window. */
function walk(full: (window: number) => boolean): { windows: number; requests: number } {
  let cursor: HistoryCursor | null = history.first(new Date('2026-07-31T00:00:00Z'))
  let [windows, requests] = [0, 0]
  while (cursor !== null) {
    requests += 1
    const data: object[] = history.dataType(cursor) === 'daily_activity' && full(windows) ? [{}] : []
    const page: HistoryPage =
      data.length === 0 && requests % 2 === 0 ? history.skip!(cursor) : history.read({ data }, cursor)
    if (page.reached !== null) windows += 1
    cursor = page.next
  }
  return { windows, requests }
}

test('it ends after 730 days without anything, and a single document begins the count anew', () => {
  // Two windows of all lists, then three lists each.
  expect(walk(() => false)).toEqual({ windows: 25, requests: 2 * LISTS + 23 * 3 })
  // The window with the document is read whole.
  expect(walk((window) => window === 20)).toEqual({
    windows: 21 + 25,
    requests: 2 * LISTS + 18 * 3 + LISTS + 2 * LISTS + 23 * 3,
  })
  // 2015-01-01 is 4,229 days before.
  expect(walk(() => true)).toEqual({ windows: 141, requests: 141 * LISTS })
})

test('what is no page of a list is not taken for an empty one', () => {
  const cursor = history.first(new Date('2026-07-31T00:00:00Z'))
  for (const payload of [[], {}, { data: 'x' }, null, { data: [], next_token: 5 }])
    expect(() => history.read(payload, cursor)).toThrow(
      expect.objectContaining({ code: 'platform/unexpected_payload' }),
    )
})

test('each list needs its scope', () => {
  expect(history.scopeOf!(history.first(new Date()))).toBe('extapi:daily')
})

test.for([
  ['workout', { activities: [] }],
  ['sleep', { sleepSessions: [] }],
  ['daily_activity', { dailyMetrics: [] }],
  ['daily_spo2', { dailyMetrics: [] }],
] as const)('an empty page of %s says that there are none', ([list, none]) => {
  expect(platform.normalize[list]({ data: [], next_token: null }, {})).toMatchObject(none)
})
