import { z } from 'zod'
import { AppError } from '../../runtime/errors.ts'
import type { HistoryCursor, HistoryPage, PlatformApi } from '../contract.ts'
import { LISTS, type List } from './lists.ts'
import { scopeName } from './oauth.ts'
import type { OuraSettings } from './settings.ts'

const DAY_MS = 86_400_000
// Before the first ring was sold.
const EARLIEST_MS = Date.UTC(2015, 0, 1)
/** After so long without anything, older data is not looked for. */
const EMPTY_DAYS = 730
/** In a gap only the lists that a worn ring fills: a whole history has to fit into the limit of requests many times. */
const GAP_DAYS = 60
const GAP_LISTS = 3

/** `end`: milliseconds, of the window. `seen`: whether it had anything yet. `emptyDays`: how long there has been nothing. */
const Cursor = z.object({
  end: z.int(),
  list: z.int().nonnegative(),
  token: z.string().optional(),
  seen: z.int(),
  emptyDays: z.int(),
})
type Cursor = z.infer<typeof Cursor>
const Page = z.object({ data: z.array(z.unknown()), next_token: z.string().min(1).nullish() })

/**
 * The whole history, newest first: window by window, in each of them list by list, each list page by page. Whole windows count as
 * reached only with their last list, so a run that looks for what is new asks every list.
 */
export function ouraHistory(settings: OuraSettings): NonNullable<PlatformApi['history']> {
  const { windowDays } = settings
  const after = (cursor: HistoryCursor, page: { records: number; token?: string | undefined }) =>
    advance(Cursor.parse(cursor), { ...page, windowDays })
  return {
    dataType: (cursor) => listOf(Cursor.parse(cursor)).name,
    first: (until) => ({ end: until.getTime(), list: 0, seen: 0, emptyDays: 0 }),
    request: (cursor) => ({ method: 'GET', url: address(Cursor.parse(cursor), settings) }),
    read: (payload, cursor) => {
      const { data } = Page.safeParse(payload)
      if (data === undefined)
        throw new AppError('platform/unexpected_payload', {
          data_type: listOf(Cursor.parse(cursor)).name,
          problem: 'not_a_list',
        })
      const token = data.next_token ?? undefined
      return {
        ...after(cursor, { records: data.data.length, token }),
        covers: coveredBy(Cursor.parse(cursor), { token, windowDays }),
      }
    },
    scopeOf: (cursor) => scopeName(listOf(Cursor.parse(cursor)).scope, settings),
    skip: (cursor) => after(cursor, { records: 0 }),
    skipTo: (_cursor, until) => ({ end: until.getTime(), list: 0, seen: 0, emptyDays: 0 }),
  }
}

function listOf({ list }: Cursor): List {
  const found = LISTS[list]
  if (found === undefined) throw new AppError('platform/unexpected_payload', { problem: 'no_such_list' })
  return found
}

/** A day more on each side: some lists leave out the last day, and workouts are looked up by their start in UTC. */
function address(cursor: Cursor, { apiUrl, windowDays }: OuraSettings): string {
  const list = listOf(cursor)
  const start = new Date(cursor.end - (windowDays + 1) * DAY_MS)
  const end = new Date(cursor.end + DAY_MS)
  const query = new URLSearchParams(
    list.range === 'days'
      ? { start_date: start.toISOString().slice(0, 10), end_date: end.toISOString().slice(0, 10) }
      : {
          // Here a window has no margin: a month is the most that is given out.
          start_datetime: new Date(cursor.end - windowDays * DAY_MS).toISOString(),
          end_datetime: new Date(cursor.end).toISOString(),
        },
  )
  if (cursor.token !== undefined) query.set('next_token', cursor.token)
  return `${apiUrl}/v2/usercollection/${list.path}?${query}`
}

/** A list that comes in several pages is on none of them whole. What is asked for has a margin of a day. */
function coveredBy(
  { end, token }: Cursor,
  { token: next, windowDays }: Omit<Read, 'records'>,
): NonNullable<HistoryPage['covers']> | null {
  if (token !== undefined || next !== undefined) return null
  return { from: new Date(end - windowDays * DAY_MS), to: new Date(end) }
}

interface Read {
  readonly records: number
  readonly token?: string | undefined
  readonly windowDays: number
}

function advance(cursor: Cursor, { records, token, windowDays }: Read): HistoryPage {
  const { token: _read, ...rest } = cursor
  const here = { ...rest, seen: Math.max(cursor.seen, records > 0 ? 1 : 0) }
  if (token !== undefined) return { recordCount: records, reached: null, next: { ...here, token } }
  const inGap = here.seen === 0 && cursor.emptyDays >= GAP_DAYS
  if (cursor.list + 1 < (inGap ? GAP_LISTS : LISTS.length))
    return { recordCount: records, reached: null, next: { ...here, list: cursor.list + 1 } }
  const end = cursor.end - windowDays * DAY_MS
  const emptyDays = here.seen === 1 ? 0 : cursor.emptyDays + windowDays
  const over = end <= EARLIEST_MS || emptyDays >= EMPTY_DAYS
  return { recordCount: records, reached: new Date(end), next: over ? null : { end, list: 0, seen: 0, emptyDays } }
}
