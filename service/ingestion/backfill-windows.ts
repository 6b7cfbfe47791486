import type { Backfill, BackfillWindow } from '../platforms/contract.ts'

const DAY_MS = 86_400_000

/**
 * Every window of every kind: kind by kind, newest first, none longer than the platform allows. They end on whole days from the start,
 * so that asking again for the same history names the same windows; the last one ends where the history does.
 */
export function listWindows(
  { dataTypes }: Pick<Backfill, 'dataTypes'>,
  { since, until }: { since: Date; until: Date },
): readonly BackfillWindow[] {
  return dataTypes.flatMap(({ dataType, windowDays }) => {
    const windows: BackfillWindow[] = []
    for (let from = since.getTime(); from < until.getTime(); from += windowDays * DAY_MS)
      windows.push({
        dataType,
        from: new Date(from),
        to: new Date(Math.min(until.getTime(), from + windowDays * DAY_MS)),
      })
    return windows.toReversed()
  })
}
