import type { MetricKind } from '../metric-kinds.ts'
import type { DailyMetricRecord, SampleRecord, SampleSpan } from '../records.ts'
import type { ItemReader } from './item-reader.ts'

export interface Period {
  readonly startS: number
  readonly durationS: number
  readonly offsetS: number | null
  readonly localDay: string | undefined
}

export function readPeriod(reader: ItemReader, offsetName = 'startTimeOffsetInSeconds'): Period {
  return {
    startS: reader.startS(),
    durationS: reader.number('durationInSeconds', { max: 31 * 86_400 }) ?? 0,
    offsetS: reader.offsetS(offsetName),
    localDay: reader.day(),
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
  /** What lies outside is no measurement but a code for the lack of one. */
  readonly min: number
  readonly max: number
}

/** A map of offsets: a sample at each, and the span that it tells all about. */
export function readSeries(
  reader: ItemReader,
  { startS, durationS, offsetS }: Period,
  { field, kind, variant = '', min, max }: Series,
): { samples: SampleRecord[]; sampleSpans: SampleSpan[] } {
  const points = reader.offsets(field)
  const last = points.at(-1)
  if (last === undefined) return { samples: [], sampleSpans: [] }
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
  { localDay, finality }: { localDay: string; finality?: number },
): DailyMetricRecord[] {
  return fields.flatMap(([field, kind, range]) => {
    const value = reader.number(field, range)
    return value === undefined ? [] : [{ localDay, kind, value, ...(finality === undefined ? {} : { finality }) }]
  })
}
