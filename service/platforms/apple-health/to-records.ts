import type { Records, RejectedRecord, SampleRecord } from '../records.ts'
import { gatherRejections, type HealthRecord, readRecord } from './health-record.ts'
import { type SleepSegment, toSleepSessions } from './sleep.ts'

/** What a list of records becomes. Pure, and the same for the same list. `nights`: whether it tells all of a night, or some parts. */
export function toRecords(
  records: Iterable<HealthRecord>,
  { refused = [], nights = 'some' }: { refused?: readonly RejectedRecord[]; nights?: 'some' | 'all' } = {},
): Records {
  const samples = new Samples()
  const segments: SleepSegment[] = []
  const rejected: RejectedRecord[] = [...refused]
  for (const record of records) {
    const reading = readRecord(record)
    if (reading.is === 'sample') samples.add(reading.sample)
    else if (reading.is === 'sleep') segments.push(reading.segment)
    else rejected.push({ position: record.position, reason: reading.reason })
  }
  return {
    samples: samples.list,
    ...(segments.length > 0 && { sleepSessions: toSleepSessions(segments, nights) }),
    rejected: gatherRejections(rejected),
  }
}

/**
 * HealthKit writes some records up to eight times: those are one. Records of one source and time that differ in their value are several
 * (two snacks logged at noon): the second and following are told apart by `variant`.
 */
class Samples {
  readonly list: SampleRecord[] = []
  readonly #lastAt = new Map<number, number>()
  /** The sample before it that starts at the same time, or -1. */
  readonly #previous: number[] = []

  add(sample: SampleRecord): void {
    const startMs = sample.startedAt.getTime()
    const last = this.#lastAt.get(startMs) ?? -1
    const others = last === -1 ? 0 : this.#countOthers(sample, last)
    if (others === undefined) return
    this.#lastAt.set(startMs, this.list.length)
    this.#previous.push(last)
    this.list.push(others === 0 ? sample : { ...sample, variant: String(others + 1) })
  }

  /** Those of the same source and time with another value; undefined: one has this value. */
  #countOthers({ kind, endedAt, source, value }: SampleRecord, last: number): number | undefined {
    let count = 0
    for (let at = last; at >= 0; at = this.#previous[at] ?? -1) {
      const other = this.list[at]
      if (other?.kind !== kind || other.source !== source || other.endedAt.getTime() !== endedAt.getTime()) continue
      if (other.value === value) return undefined
      count += 1
    }
    return count
  }
}
