import { z } from 'zod'
import { AppError } from '../../runtime/errors.ts'
import type { HistoryCursor, HistoryPage } from '../contract.ts'
import { isStartTimeHidden } from './hidden-start.ts'

const PAGE_SIZE = 200

const Cursor = z.object({ before: z.int(), page: z.int().positive(), repeated: z.int().nonnegative().default(0) })

/**
 * `before` is a second on the start time, `page` counts within it, `repeated` is how many of its records were on the page before. Page numbers alone would skip activities when the list changes
 * between two requests, so each page moves `before` down to its oldest start instead.
 */
export function firstPage(until: Date): HistoryCursor {
  return { before: Math.floor(until.getTime() / 1000) + 1, page: 1 }
}

/** Path and query of one page. */
export function requestPage(cursor: HistoryCursor): string {
  const { before, page } = Cursor.parse(cursor)
  return `athlete/activities?before=${before}&page=${page}&per_page=${PAGE_SIZE}`
}

/**
 * Where to go on. A page may be shorter than asked for, so only an empty one ends the history. A hidden start says nothing about
 * where the activity stands in the list and an unreadable one even less, so neither moves `before`; nor does a page whose starts
 * all lie in the cursor's last second: then the next page of the same list is asked for. What stands at the new `before` comes
 * twice, which is harmless, and is counted once. Throws platform/unexpected_payload when it is not a list.
 */
export function readHistoryPage(payload: unknown, cursor: HistoryCursor): HistoryPage {
  if (!Array.isArray(payload))
    throw new AppError('platform/unexpected_payload', { data_type: 'activity_list', problem: 'not_a_list' })
  if (payload.length === 0) return { recordCount: 0, reached: null, next: null }
  const { before, page, repeated } = Cursor.parse(cursor)
  const starts = payload.map(readStart)
  const known = starts.filter((start) => start !== undefined)
  const anchors = known.filter(({ hidden }) => !hidden).map(({ second }) => second)
  const lowest = anchors.length === 0 ? before : Math.min(...anchors)
  return {
    recordCount: Math.max(0, payload.length - repeated),
    reached: known.length === 0 ? null : new Date(Math.min(...known.map(({ second }) => second)) * 1000),
    next:
      lowest + 1 < before
        ? { before: lowest + 1, page: 1, repeated: countFrom(starts, lowest) }
        : { before, page: page + 1, repeated: 0 },
  }
}

/** How many the next list begins with again: those that start in this second, and those behind them whose place nobody can tell. */
function countFrom(starts: readonly (Start | undefined)[], second: number): number {
  const isAnchor = (start: Start | undefined) => start?.hidden === false && start.second === second
  const first = starts.findIndex(isAnchor)
  return starts.filter((start, index) => isAnchor(start) || (index > first && start?.hidden !== false)).length
}

const StartFields = z.object({
  start_date: z.iso.datetime({ offset: true }),
  start_date_local: z.string().nullish().catch(null),
})

interface Start {
  readonly second: number
  readonly hidden: boolean
}

function readStart(item: unknown): Start | undefined {
  const { data } = StartFields.safeParse(item)
  if (data === undefined) return undefined
  const second = Math.floor(Date.parse(data.start_date) / 1000)
  return Number.isFinite(second) ? { second, hidden: isStartTimeHidden(data) } : undefined
}
