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
  readonly #valuesAt = new Map<string, number | number[]>()

  add(sample: SampleRecord): void {
    const key = `${sample.kind}\n${sample.startedAt.getTime()}\n${sample.endedAt.getTime()}\n${sample.source}`
    const known = this.#valuesAt.get(key)
    if (known === undefined) {
      this.#valuesAt.set(key, sample.value)
      this.list.push(sample)
      return
    }
    const values = typeof known === 'number' ? [known] : known
    if (values.includes(sample.value)) return
    values.push(sample.value)
    this.#valuesAt.set(key, values)
    this.list.push({ ...sample, variant: String(values.length) })
  }
}
