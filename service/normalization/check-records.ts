import { METRIC_KINDS, type MetricKind } from '../platforms/metric-kinds.ts'
import type {
  ActivityRecord,
  DailyMetricRecord,
  Records,
  RejectedRecord,
  SampleRecord,
  SleepRecord,
} from '../platforms/records.ts'
import { findActivityProblem, withoutWrongMeasures } from './check-activity.ts'
import { findTimeProblem, isDayWrong, LARGEST_VALUE } from './check-time.ts'

/** Rejections found here are numbered from this: the payload's own positions are below it. */
export const FIRST_CHECKED_POSITION = 1_000_000

/** For clocks that run fast. */
const AHEAD_MS = 24 * 60 * 60_000
const LONGEST_SAMPLE_MS = 31 * 24 * 60 * 60_000
const LONGEST_SLEEP_MS = 48 * 60 * 60_000
/** Of what may lie below zero: degrees, and sound softer than the softest that is heard. */
const SIGNED_UNITS: readonly string[] = ['Cel', 'dB[SPL]']

/**
 * The last look before rows are written: what the tables would refuse, or what cannot be true, is rejected by record, so that one bad
 * record never fails its batch. `now`: nothing is measured in the future.
 */
export function checkRecords(records: Records, now: Date): Records {
  const rejected: RejectedRecord[] = []
  const keep = <Item extends object>(
    items: readonly Item[] | undefined,
    findProblem: (item: Item) => string | undefined,
  ) =>
    items?.filter((item) => {
      const reason = findProblem(item)
      const sourceId = reason === undefined ? undefined : idOf(item)
      if (reason !== undefined)
        rejected.push({
          position: FIRST_CHECKED_POSITION + rejected.length,
          reason,
          ...(sourceId !== undefined && { sourceId }),
        })
      return reason === undefined
    })
  const latestMs = now.getTime() + AHEAD_MS
  const samples = keep(records.samples, (sample) => findSampleProblem(sample, latestMs))
  const sleepSessions = keep(records.sleepSessions, (sleep) => findSleepProblem(sleep, latestMs))
  const dailyMetrics = keep(records.dailyMetrics, (metric) => findDailyProblem(metric, latestMs))
  const activities = keep(records.activities, (activity) => findActivityProblem(activity, latestMs))
  return {
    ...records,
    ...(activities && withActivities(records, activities, rejected)),
    ...(samples && { samples }),
    ...(sleepSessions && { sleepSessions }),
    ...(dailyMetrics && { dailyMetrics }),
    rejected: [...records.rejected, ...rejected],
  }
}

/** A night is made of parts, and what came is the part. */
function idOf(item: {
  readonly sourceId?: string | null
  readonly stages?: SleepRecord['stages']
}): string | undefined {
  return item.stages?.[0]?.sourceId ?? item.sourceId ?? undefined
}

/** Series, laps and zones of an activity that is refused have nothing to belong to. */
function withActivities(
  { activities: told = [], activityStreams, activityLaps, activityZones }: Records,
  kept: readonly ActivityRecord[],
  rejected: RejectedRecord[],
): Pick<Records, 'activities' | 'activityStreams' | 'activityLaps' | 'activityZones'> {
  const checked = kept.map(withoutWrongMeasures)
  const wrong = new Set(checked.flatMap((each) => each.wrong))
  for (const name of wrong)
    rejected.push({
      position: FIRST_CHECKED_POSITION + rejected.length,
      reason: `activity: ${name} beyond reason`,
      items: 0,
    })
  const keptIds = new Set(kept.map(({ sourceId }) => sourceId))
  const refusedIds = new Set(told.map(({ sourceId }) => sourceId).filter((sourceId) => !keptIds.has(sourceId)))
  const belongs = ({ sourceId }: { readonly sourceId: string }) => !refusedIds.has(sourceId)
  return {
    activities: checked.map(({ activity }) => activity),
    ...(activityStreams && { activityStreams: activityStreams.filter(belongs) }),
    ...(activityLaps && { activityLaps: activityLaps.filter(belongs) }),
    ...(activityZones && { activityZones: activityZones.filter(belongs) }),
  }
}

function findValueProblem(kind: MetricKind, value: number): string | undefined {
  if (!Number.isFinite(value)) return `${kind}: not a number`
  if (Math.abs(value) > LARGEST_VALUE) return `${kind}: beyond reason`
  return value < 0 && !SIGNED_UNITS.includes(METRIC_KINDS[kind].unit) ? `${kind}: below zero` : undefined
}

function findSampleProblem(sample: SampleRecord, latestMs: number): string | undefined {
  const problem = findValueProblem(sample.kind, sample.value)
  if (problem !== undefined) return problem
  if (isDayWrong(sample.localDay, latestMs)) return `${sample.kind}: not a day`
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
  if (isDayWrong(sleep.localDay, limits.latestMs)) return 'sleep: not a day'
  const stages = sleep.stages.map((stage) => findTimeProblem(stage, { ...limits, name: `sleep stage ${stage.stage}` }))
  return stages.find((stageProblem) => stageProblem !== undefined)
}

function findDailyProblem({ kind, value, localDay }: DailyMetricRecord, latestMs: number): string | undefined {
  const problem = findValueProblem(kind, value)
  if (problem !== undefined) return problem
  return isDayWrong(localDay, latestMs) ? `${kind}: not a day` : undefined
}
