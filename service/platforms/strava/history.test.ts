import { describe, expect, test } from 'vitest'
import type { HistoryCursor } from '../contract.ts'
import { firstPage, readHistoryPage } from './history.ts'

interface Item {
  readonly id: number
  readonly start_date: string
  readonly start_date_local: string
  /** When it really started. */
  readonly second: number
}

const DAY_S = 86_400
const at = (second: number) => `${new Date(second * 1000).toISOString().slice(0, 19)}Z`
const activity = (id: number, second: number): Item => ({
  id,
  second,
  start_date: at(second),
  start_date_local: at(second + 3600),
})
const hidden = (id: number, second: number): Item => {
  const shown = `${at(second).slice(0, 10)}T00:00:01Z`
  return { id, second, start_date: shown, start_date_local: shown }
}
const cursor = { before: 1_000_000, page: 1 }

describe('a page of the history', () => {
  test.each([null, {}, 'text', { 0: activity(1, 5) }])('is refused when it is not a list: %j', (payload) => {
    expect(() => readHistoryPage(payload, cursor)).toThrow('platform/unexpected_payload')
  })

  test('ends the history only when it is empty', () => {
    expect(readHistoryPage([], { before: 5, page: 3 })).toEqual({ recordCount: 0, reached: null, next: null })
    expect(readHistoryPage([activity(1, 500)], cursor).next).not.toBeNull()
  })

  test('moves down to its oldest start, in whatever order it comes', () => {
    expect(
      readHistoryPage([activity(2, 700_000), activity(1, 600_000), activity(3, 800_000)], { before: 900_000, page: 4 }),
    ).toEqual({
      recordCount: 3,
      reached: new Date(600_000_000),
      next: { before: 600_001, page: 1, repeated: 1 },
    })
  })

  test('goes on to the next page when all starts lie in the last second', () => {
    expect(readHistoryPage([activity(1, 999_999)], cursor).next).toEqual({ before: 1_000_000, page: 2, repeated: 0 })
  })

  test('does not move by a hidden start, but counts it as reached', () => {
    expect(readHistoryPage([activity(1, 900_000), hidden(2, 4 * DAY_S + 7)], cursor)).toEqual({
      recordCount: 2,
      reached: new Date('1970-01-05T00:00:01Z'),
      next: { before: 900_001, page: 1, repeated: 2 },
    })
    expect(readHistoryPage([hidden(2, 4 * DAY_S + 7)], { before: 1_000_000, page: 3 }).next).toEqual({
      before: 1_000_000,
      page: 4,
      repeated: 0,
    })
  })

  test('ignores what has no readable start', () => {
    const odd = [null, 7, {}, { start_date: 'yesterday' }, { start_date: null }]
    expect(readHistoryPage([...odd, activity(1, 900_000)], cursor)).toEqual({
      recordCount: 6,
      reached: new Date(900_000_000),
      next: { before: 900_001, page: 1, repeated: 1 },
    })
    expect(readHistoryPage(odd, cursor)).toEqual({
      recordCount: 5,
      reached: null,
      next: { before: 1_000_000, page: 2, repeated: 0 },
    })
  })

  test('counts what was on the page before only once', () => {
    const again = { before: 600_001, page: 1, repeated: 1 }
    expect(readHistoryPage([activity(1, 600_000), activity(4, 500_000)], again).recordCount).toBe(1)
  })
})

type Order = (item: Item) => number
const ORDERS: Readonly<Record<string, Order>> = {
  'the true start': (item) => item.second,
  'the start that is shown': (item) => Date.parse(item.start_date) / 1000,
}

/** Answers as Strava does: newest first, `before` excluded, numbered pages of what the list is at that moment. */
function ask(
  list: readonly Item[],
  { before, page }: { before: number; page: number },
  { size, order }: { size: number; order: Order },
): Item[] {
  const matching = list.filter((item) => order(item) < before)
  return matching.sort((a, b) => order(b) - order(a) || b.id - a.id).slice((page - 1) * size, page * size)
}

describe('reading the whole history', () => {
  const until = new Date('2026-11-01T00:00:00Z')
  const newest = until.getTime() / 1000

  // Two a day, some days five of which four start in the very same second, every tenth day one with a hidden start.
  const build = () =>
    Array.from({ length: 60 }, (_, day) => {
      const start = newest - day * DAY_S - 3600
      const id = 10 * (day + 1)
      const together = day % 7 === 0 ? [activity(id + 2, start), activity(id + 3, start), activity(id + 4, start)] : []
      return [day % 10 === 9 ? hidden(id, start) : activity(id, start), activity(id + 1, start - 7200), ...together]
    }).flat()

  function readAll(
    list: Item[],
    how: { size: number; order: Order },
    change: (step: number) => void,
  ): { seen: Set<number>; counted: number } {
    const seen = new Set<number>()
    let counted = 0
    let next: HistoryCursor | null = firstPage(until)
    for (let step = 0; next !== null; step++) {
      expect(step).toBeLessThan(1000)
      const page = ask(list, next as unknown as { before: number; page: number }, how)
      for (const item of page) seen.add(item.id)
      const read = readHistoryPage(page, next)
      counted += read.recordCount
      next = read.next
      change(step)
    }
    return { seen, counted }
  }

  const cases = Object.keys(ORDERS).flatMap((name) =>
    [2, 3, 5, 30, 200].map((size) => ({ name, size, order: ORDERS[name]! })),
  )

  test.each(cases)(
    'finds every activity by $name in pages of $size while the newest are deleted',
    ({ size, order }) => {
      const list = build()
      const before = list.map((item) => item.id)
      const deleted = new Set<number>()
      const { seen } = readAll(list, { size, order }, () => {
        const gone = list.shift()
        if (gone !== undefined) deleted.add(gone.id)
      })
      expect(before.filter((id) => !seen.has(id) && !deleted.has(id))).toEqual([])
    },
  )

  test.each(cases)('finds every activity by $name in pages of $size while new ones come', ({ size, order }) => {
    const list = build()
    const before = list.map((item) => item.id)
    const { seen } = readAll(list, { size, order }, (step) => list.push(activity(1_000_000 + step, newest - 1)))
    expect(before.filter((id) => !seen.has(id))).toEqual([])
  })

  test.each(cases)('counts every activity once by $name in pages of $size', ({ size, order }) => {
    const list = build()
    expect(readAll(list, { size, order }, () => undefined).counted).toBe(list.length)
  })
})
