import type { MetricKind } from '../metric-kinds.ts'
import type { DailyMetricRecord, SampleRecord, SampleSpan } from '../records.ts'
import { dayAt, type ItemReader, Refused } from './item-reader.ts'

export interface Period {
  readonly startS: number
  readonly durationS: number
  readonly offsetS: number | null
  readonly localDay: string | undefined
}

/** A health snapshot spells its offset in two ways. */
export function readPeriod(reader: ItemReader): Period {
  return {
    startS: reader.startS(),
    durationS: reader.number('durationInSeconds', { max: 31 * 86_400 }) ?? 0,
    offsetS: reader.offsetS('startTimeOffsetInSeconds', 'offsetStartTimeInSeconds'),
    localDay: reader.day(),
  }
}

export interface Day {
  readonly localDay: string | undefined
  /** Undefined: nobody knows when it began. */
  readonly period: Period | undefined
  /** Garmin's own rule: of two versions of a day the longer stands. */
  readonly finality: number
}

/**
 * The day is named, or follows from the offset. Its numbers need a day and its series a start: where one is missing the other is kept, and
 * with neither the item is refused.
 */
export function readDay(reader: ItemReader): Day {
  const period = readPeriodOrNote(reader)
  const localDay = period === undefined ? reader.day() : dayOf(period)
  if (localDay === undefined && period === undefined) throw new Refused(reader.problems.join('; '))
  if (localDay === undefined) reader.problems.push('calendarDate: missing, and no offset')
  return { localDay, period, finality: Math.round(period?.durationS ?? 0) }
}

function dayOf({ localDay, startS, offsetS }: Period): string | undefined {
  return localDay ?? (offsetS === null ? undefined : dayAt(startS, offsetS))
}

function readPeriodOrNote(reader: ItemReader): Period | undefined {
  try {
    return readPeriod(reader)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    reader.problems.push(error.message)
    return undefined
  }
}

export interface SampleFacts {
  readonly offsetS: number | null
  readonly variant?: string
  readonly sourceId?: string | null
  readonly manual?: boolean
}

export function sample(
  kind: MetricKind,
  value: number,
  { startS, endS, ...facts }: SampleFacts & { readonly startS: number; readonly endS: number },
): SampleRecord {
  return {
    kind,
    startedAt: new Date(startS * 1000),
    endedAt: new Date(endS * 1000),
    offsetSeconds: facts.offsetS,
    value,
    source: '',
    variant: facts.variant ?? '',
    sourceId: facts.sourceId ?? null,
    manual: facts.manual ?? false,
  }
}

export interface Series {
  readonly field: string
  readonly kind: MetricKind
  readonly variant?: string
  /** What lies below is no measurement but a code for the lack of one; what lies above `max` is noted. */
  readonly min: number
  readonly max: number
}

/** A map of offsets: a sample at each, and the span that it tells all about. */
export function readSeries(
  reader: ItemReader,
  period: Period | undefined,
  { field, kind, variant = '', min, max }: Series,
): { samples: SampleRecord[]; sampleSpans: SampleSpan[] } {
  const points = reader.offsets(field)
  const last = points.at(-1)
  if (last === undefined || period === undefined) return { samples: [], sampleSpans: [] }
  const { startS, durationS, offsetS } = period
  const above = points.filter(({ value }) => value > max).length
  if (above > 0) reader.problems.push(`${field}: ${above} values out of range`)
  const samples = points
    .filter(({ value }) => value >= min && value <= max)
    .map(({ afterS, value }) =>
      sample(kind, value, { startS: startS + afterS, endS: startS + afterS, offsetS, variant }),
    )
  const endS = Math.max(startS + durationS, startS + last.afterS + 1)
  const from = new Date(Math.min(startS, startS + (points[0]?.afterS ?? 0)) * 1000)
  return { samples, sampleSpans: [{ kinds: [kind], from, to: new Date(endS * 1000), source: '', variant }] }
}

export type DailyField = readonly [
  field: string | readonly string[],
  kind: MetricKind,
  range?: { min?: number; max?: number },
]

/** Only the fields that are there: null is not zero. */
export function readDaily(
  reader: ItemReader,
  fields: readonly DailyField[],
  { localDay, finality }: { localDay: string | undefined; finality?: number },
): DailyMetricRecord[] {
  if (localDay === undefined) return []
  return fields.flatMap(([field, kind, range]) => {
    const value = reader.number(field, range)
    return value === undefined ? [] : [{ localDay, kind, value, ...(finality === undefined ? {} : { finality }) }]
  })
}
