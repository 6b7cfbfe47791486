import type { RejectedRecord, SampleRecord } from '../records.ts'
import { inZone, type Moment, parseMoment } from './moments.ts'
import { CATEGORIES, type Category, QUANTITIES, type Quantity } from './quantities.ts'
import { readStage, type SleepSegment } from './sleep.ts'
import { convert } from './units.ts'

/** A sample of HealthKit in whatever form it arrived: export, SDK, action, app. */
export interface HealthRecord {
  /** Its place in the payload. */
  readonly position: number
  /** HealthKit's full identifier. */
  readonly type: string
  readonly value: unknown
  readonly unit: string | undefined
  readonly startDate: unknown
  readonly endDate: unknown
  readonly source: string
  /** HealthKit's uuid; null where the form has none. */
  readonly sourceId: string | null
  readonly manual: boolean
  /** IANA name, where the record tells it. */
  readonly timeZone: string | null
}

/** What one record became, or why it became nothing: never with a value of it. */
export type Reading =
  | { readonly is: 'sample'; readonly sample: SampleRecord }
  | { readonly is: 'sleep'; readonly segment: SleepSegment }
  | { readonly is: 'rejected'; readonly reason: string }

const TYPE_NAME = /^HK[A-Za-z0-9]{1,120}$/
const SLEEP = 'HKCategoryTypeIdentifierSleepAnalysis'

/** Reads one record. Pure; one that is wrong is rejected alone. */
export function readRecord(record: HealthRecord): Reading {
  const { type } = record
  const quantity = QUANTITIES.get(type)
  const category = CATEGORIES.get(type)
  if (quantity === undefined && category === undefined && type !== SLEEP)
    return rejected(TYPE_NAME.test(type) ? `${type}: no kind for it here` : 'type: none of HealthKit')
  const start = readMoment(record.startDate, record.timeZone)
  const end = record.endDate == null ? start : readMoment(record.endDate, record.timeZone)
  if (start === undefined) return rejected(`startDate: ${timeProblem(record.startDate)}`)
  if (end === undefined) return rejected(`endDate: ${timeProblem(record.endDate)}`)
  if (end.at < start.at) return rejected('endDate: before startDate')
  if (quantity !== undefined) return readQuantity(record, quantity, { start, end })
  return category === undefined ? readSleep(record, start, end) : readCategory(record, category, { start, end })
}

interface Interval {
  readonly start: Moment
  readonly end: Moment
}

function readQuantity(record: HealthRecord, quantity: Quantity, { start, end }: Interval): Reading {
  const { kind } = quantity
  const value = readNumber(record.value)
  if (value === undefined) return rejected(`value: not a number (${kind})`)
  if (record.unit === undefined) return rejected(`unit: missing (${kind})`)
  const converted = convert(value, record.unit, quantity)
  if (converted === undefined) return rejected(`unit: not one of ${kind}`)
  return sampleOf(record, { kind, value: converted, start, end })
}

function readCategory(record: HealthRecord, { kind, of }: Category, { start, end }: Interval): Reading {
  if (of === 'duration')
    return sampleOf(record, { kind, value: (end.at.getTime() - start.at.getTime()) / 1000, start, end })
  if (of === 'event') return sampleOf(record, { kind, value: 1, start, end })
  const name = typeof record.value === 'number' ? String(record.value) : record.value
  const level = typeof name === 'string' && Object.hasOwn(of, name) ? of[name] : undefined
  return level === undefined
    ? rejected(`value: not one of ${kind}`)
    : sampleOf(record, { kind, value: level, start, end })
}

function sampleOf(
  { source, sourceId, manual }: HealthRecord,
  { kind, value, start, end }: Pick<SampleRecord, 'kind' | 'value'> & { start: Moment; end: Moment },
): Reading {
  const { at: startedAt, offsetSeconds } = start
  const times = { startedAt, endedAt: end.at, offsetSeconds }
  return { is: 'sample', sample: { kind, ...times, value, source, variant: '', sourceId, manual } }
}

function readMoment(text: unknown, timeZone: string | null): Moment | undefined {
  const moment = parseMoment(text, timeZone)
  return moment === undefined ? undefined : toWholeSecond(inZone(moment, timeZone))
}

/** An export leaves fractions of a second out: one reading that comes both ways has to be one. */
function toWholeSecond(moment: Moment): Moment {
  const { at, offsetSeconds } = moment
  if (at.getTime() % 1000 === 0) return moment
  return { at: new Date(Math.floor(at.getTime() / 1000) * 1000), offsetSeconds }
}

function timeProblem(text: unknown): string {
  if (text === undefined || text === null) return 'missing'
  return typeof text === 'string' && /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?$/.test(text)
    ? 'has no offset from UTC'
    : 'not a time'
}

/** Infinity and NaN are no measurement, nor is text that holds more than a number. */
export function readNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value !== 'string' || !/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$/.test(value)) return undefined
  const number = Number(value)
  return Number.isFinite(number) ? number : undefined
}

function readSleep({ value, source, sourceId }: HealthRecord, start: Moment, end: Moment): Reading {
  const stage = readStage(value)
  if (stage === undefined) return rejected('value: not a stage of sleep')
  return { is: 'sleep', segment: { stage, start, end, source, ...(sourceId !== null && { sourceId }) } }
}

function rejected(reason: string): Reading {
  return { is: 'rejected', reason }
}

/** A hundred thousand records of a type nobody knows are one rejection, at the place of the first: the raw payload has them all. */
export function gatherRejections(all: readonly RejectedRecord[]): RejectedRecord[] {
  const byReason = Map.groupBy(all, ({ reason }) => reason)
  const taken = new Set<number>()
  return [...byReason].map(([reason, alike]) => {
    let free = alike[0]?.position ?? 0
    while (taken.has(free)) free += 1 // a record can be wrong in two ways, and a place tells one
    taken.add(free)
    const items = alike.reduce((sum, each) => sum + (each.items ?? 1), 0)
    const text = alike.length === 1 ? reason : `${reason} (${alike.length} records)`
    return { position: free, reason: text, ...(items !== 1 && { items }) }
  })
}
