import type { DailyMetricRecord, Records, RejectedRecord, SampleRecord, SleepRecord } from '../platforms/records.ts'

/** Rejections found here are numbered from this: the payload's own positions are below it. */
export const FIRST_CHECKED_POSITION = 1_000_000

// Before the first wearable, and a day ahead for clocks that run fast; outside, a sample would have a partition of its own made.
const EARLIEST = Date.UTC(1970, 0, 1)
const AHEAD_MS = 24 * 60 * 60_000
const LONGEST_SAMPLE_MS = 31 * 24 * 60 * 60_000
const LONGEST_SLEEP_MS = 48 * 60 * 60_000
const LARGEST_OFFSET_SECONDS = 64_800
const DAY = /^\d{4}-\d{2}-\d{2}$/

/**
 * The last look before rows are written: what the tables would refuse, or what cannot be true, is rejected by record, so that one bad
 * record never fails its batch. `now`: nothing is measured in the future.
 */
export function checkRecords(records: Records, now: Date): Records {
  const rejected: RejectedRecord[] = []
  const keep = <Item>(items: readonly Item[] | undefined, findProblem: (item: Item) => string | undefined) =>
    items?.filter((item) => {
      const problem = findProblem(item)
      if (problem !== undefined) rejected.push({ position: FIRST_CHECKED_POSITION + rejected.length, reason: problem })
      return problem === undefined
    })
  const latestMs = now.getTime() + AHEAD_MS
  const samples = keep(records.samples, (sample) => findSampleProblem(sample, latestMs))
  const sleepSessions = keep(records.sleepSessions, (sleep) => findSleepProblem(sleep, latestMs))
  const dailyMetrics = keep(records.dailyMetrics, findDailyProblem)
  return {
    ...records,
    ...(samples && { samples }),
    ...(sleepSessions && { sleepSessions }),
    ...(dailyMetrics && { dailyMetrics }),
    rejected: [...records.rejected, ...rejected],
  }
}

function findSampleProblem(sample: SampleRecord, latestMs: number): string | undefined {
  if (!Number.isFinite(sample.value)) return `${sample.kind}: not a number`
  if (isDayWrong(sample.localDay)) return `${sample.kind}: not a day`
  return findTimeProblem(sample, {
    latestMs,
    longestMs: LONGEST_SAMPLE_MS,
    offset: sample.offsetSeconds,
    name: sample.kind,
  })
}

function findSleepProblem(sleep: SleepRecord, latestMs: number): string | undefined {
  const limits = { latestMs, longestMs: LONGEST_SLEEP_MS, offset: sleep.endOffsetSeconds, name: 'sleep' }
  const problem = findTimeProblem(sleep, limits)
  if (problem !== undefined) return problem
  if (isDayWrong(sleep.localDay)) return 'sleep: not a day'
  const stages = sleep.stages.map((stage) => findTimeProblem(stage, { ...limits, name: `sleep stage ${stage.stage}` }))
  return stages.find((stageProblem) => stageProblem !== undefined)
}

function findDailyProblem({ kind, value, localDay }: DailyMetricRecord): string | undefined {
  if (!Number.isFinite(value)) return `${kind}: not a number`
  return isDayWrong(localDay) ? `${kind}: not a day` : undefined
}

interface TimeLimits {
  readonly latestMs: number
  readonly longestMs: number
  readonly offset: number | null
  readonly name: string
}

function findTimeProblem(
  { startedAt, endedAt }: { startedAt: Date; endedAt: Date },
  { latestMs, longestMs, offset, name }: TimeLimits,
): string | undefined {
  const [startMs, endMs] = [startedAt.getTime(), endedAt.getTime()]
  if (Number.isNaN(startMs) || Number.isNaN(endMs)) return `${name}: not a time`
  if (endMs < startMs) return `${name}: ends before it starts`
  if (startMs < EARLIEST || startMs > latestMs) return `${name}: starts before 1970 or in the future`
  if (endMs - startMs > longestMs) return `${name}: too long`
  if (offset !== null && !(Math.abs(offset) <= LARGEST_OFFSET_SECONDS)) return `${name}: offset beyond 18 hours`
  return undefined
}

function isDayWrong(day: string | undefined): boolean {
  if (day === undefined) return false
  const parsed = new Date(`${day}T00:00:00Z`)
  return !DAY.test(day) || Number.isNaN(parsed.getTime()) || parsed.toISOString().slice(0, 10) !== day
}
