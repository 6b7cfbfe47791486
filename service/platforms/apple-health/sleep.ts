import type { SleepRecord, SleepStage } from '../records.ts'
import { localDayOf, type Moment } from './moments.ts'

export interface SleepSegment {
  readonly stage: SleepStage
  readonly start: Moment
  readonly end: Moment
  readonly source: string
  /** HealthKit's uuid, where the form has one. */
  readonly sourceId?: string
}

/** Segments of one source that are further apart belong to two sleeps: a watch that is worn reports the time awake between. */
export const SLEEP_GAP_MS = 90 * 60_000

/** HKCategoryValueSleepAnalysis: as raw numbers, as the export names them, as the SDKs and apps shorten them. */
const STAGES: ReadonlyMap<string, SleepStage> = new Map<string, SleepStage>([
  ['0', 'in_bed'],
  ['1', 'asleep'],
  ['2', 'awake'],
  ['3', 'light'],
  ['4', 'deep'],
  ['5', 'rem'],
  ['inbed', 'in_bed'],
  ['asleep', 'asleep'],
  ['asleepunspecified', 'asleep'],
  ['unspecified', 'asleep'],
  ['sleeping', 'asleep'],
  ['awake', 'awake'],
  ['asleepcore', 'light'],
  ['core', 'light'],
  ['light', 'light'],
  ['asleepdeep', 'deep'],
  ['deep', 'deep'],
  ['asleeprem', 'rem'],
  ['rem', 'rem'],
])

export function readStage(value: unknown): SleepStage | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  return STAGES.get(
    String(value)
      .replace(/^HKCategoryValueSleepAnalysis/, '')
      .replace(/[\s_]/g, '')
      .toLowerCase(),
  )
}

/** Sessions of each source by themselves: what several sources say of one night is for the merge to weigh, with all of it before it. */
export function toSleepSessions(segments: readonly SleepSegment[], parts: 'some' | 'all'): SleepRecord[] {
  return groupSegments(segments).map((group) => ({ ...toSession(group), parts }))
}

function groupSegments(segments: readonly SleepSegment[]): SleepSegment[][] {
  const groups: SleepSegment[][] = []
  const open = new Map<string, { group: SleepSegment[]; endMs: number }>()
  for (const segment of segments.toSorted((a, b) => a.start.at.getTime() - b.start.at.getTime())) {
    const current = open.get(segment.source)
    const endMs = segment.end.at.getTime()
    if (current !== undefined && segment.start.at.getTime() - current.endMs <= SLEEP_GAP_MS) {
      current.group.push(segment)
      current.endMs = Math.max(current.endMs, endMs)
    } else {
      const group = [segment]
      groups.push(group)
      open.set(segment.source, { group, endMs })
    }
  }
  return groups
}

function toSession(group: readonly SleepSegment[]): SleepRecord {
  const [first] = group
  const last = group.reduce((latest, segment) => (segment.end.at > latest.end.at ? segment : latest))
  const source = first?.source ?? ''
  const startedAt = first?.start.at ?? last.start.at
  const secondsOf = (...stages: SleepStage[]) => secondsCovered(group.filter(({ stage }) => stages.includes(stage)))
  return {
    sourceId: `${source}|${startedAt.toISOString()}`,
    source,
    startedAt,
    endedAt: last.end.at,
    endOffsetSeconds: last.end.offsetSeconds,
    timeZone: null,
    ...(last.end.offsetSeconds === null ? {} : { localDay: localDayOf(last.end) }),
    nap: false,
    asleepS: secondsOf('asleep', 'light', 'deep', 'rem'),
    inBedS: secondsOf('in_bed'),
    awakeS: secondsOf('awake'),
    lightS: secondsOf('light'),
    deepS: secondsOf('deep'),
    remS: secondsOf('rem'),
    score: null,
    finality: 0,
    stages: withoutRepeats(group),
  }
}

/** Overlapping segments count once. Null: none, which is not zero. */
function secondsCovered(segments: readonly SleepSegment[]): number | null {
  if (segments.length === 0) return null
  let totalMs = 0
  let coveredUntil = Number.NEGATIVE_INFINITY
  for (const { start, end } of segments) {
    const from = Math.max(start.at.getTime(), coveredUntil)
    totalMs += Math.max(0, end.at.getTime() - from)
    coveredUntil = Math.max(coveredUntil, end.at.getTime())
  }
  return Math.round(totalMs / 1000)
}

function withoutRepeats(group: readonly SleepSegment[]): SleepRecord['stages'] {
  const stages = new Map(
    group.map(({ stage, start, end, sourceId }) => [
      `${stage} ${start.at.getTime()} ${end.at.getTime()}`,
      { stage, startedAt: start.at, endedAt: end.at, ...(sourceId !== undefined && { sourceId }) },
    ]),
  )
  return [...stages.values()]
}
