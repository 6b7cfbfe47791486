import type { RunResult } from './runs.ts'

const HOUR_MS = 3_600_000
/** Something came of every period, and then nothing more for so long: that was it. */
const QUIET_MS = HOUR_MS
const SHORTEST_WAIT_MS = 60_000
const LONGEST_WAIT_MS = HOUR_MS

/** What came of one period that a platform was asked for. */
export interface AskedWindow {
  readonly dataType: string
  readonly records: number
  readonly lastArrivedAt: Date | null
}

export interface Waiting {
  readonly now: Date
  readonly lastAskedAt: Date
  readonly hours: number
  /** The consent has ended, and nothing more will come. */
  readonly isEnded: boolean
}

export function isOver({ now, lastAskedAt, hours, isEnded }: Waiting): boolean {
  return isEnded || now.getTime() >= lastAskedAt.getTime() + hours * HOUR_MS
}

/** Soon at first, then ever later, and once more when the time is over. Pure. */
export function lookAgainAt({ now, lastAskedAt, hours }: Omit<Waiting, 'isEnded'>): Date {
  const waited = now.getTime() - lastAskedAt.getTime()
  const wait = Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, waited / 2))
  return new Date(Math.min(now.getTime() + wait, lastAskedAt.getTime() + hours * HOUR_MS))
}

/**
 * What a platform sends by itself has no end, so the word of each kind is: complete when something of every period is here and nothing
 * came for an hour, or once the time is over; what nothing came of by then is said to be so. Pure; the same again changes nothing.
 */
export function settleResults(
  results: readonly RunResult[],
  windows: readonly AskedWindow[],
  waiting: Waiting,
): readonly RunResult[] {
  return results.map((result) => {
    const own = windows.filter(({ dataType }) => dataType === result.data_type)
    return own.length === 0 ? result : settle(result, own, waiting)
  })
}

function settle(result: RunResult, windows: readonly AskedWindow[], waiting: Waiting): RunResult {
  const came = windows.reduce((sum, { records }) => sum + records, 0)
  // What is remembered of deliveries goes when the connection ends; what was counted stays.
  const records = Math.max(result.records ?? 0, came)
  if (result.outcome !== 'requested') return { ...result, records }
  const isOfAll = windows.every((window) => window.records > 0)
  if (!isOver(waiting) && !(isOfAll && isQuiet(windows, waiting.now))) return { ...result, records }
  const lack = waiting.isEnded ? 'cancelled' : 'nothing_came'
  if (records === 0 && !waiting.isEnded) return { ...result, records, outcome: 'not_available', reason: lack }
  const reason = result.reason ?? (isOfAll ? null : lack)
  return { ...result, records, outcome: reason === null ? 'complete' : 'partial', reason }
}

function isQuiet(windows: readonly AskedWindow[], now: Date): boolean {
  return windows.every(({ lastArrivedAt }) => now.getTime() - (lastArrivedAt?.getTime() ?? 0) >= QUIET_MS)
}
