import type { MetricKind } from '../metric-kinds.ts'
import type { DailyMetricRecord, SampleRecord, SampleSpan } from '../records.ts'
import type { Document } from './document.ts'

interface Range {
  readonly min: number
  readonly max: number
}

export type DailyField = readonly [field: string, kind: MetricKind, range: Range]

/** Only the fields that are there: null is not zero. */
export function readDaily(document: Document, localDay: string, fields: readonly DailyField[]): DailyMetricRecord[] {
  return fields.flatMap(([field, kind, range]) => {
    const value = document.number(field, range)
    return value === undefined ? [] : [{ localDay, kind, value }]
  })
}

export interface SeriesKind {
  readonly field: string
  readonly kind: MetricKind
  readonly variant: string
  readonly range: Range
}

/** A sample at each value, and the span that they tell all about; what lies out of range is a gap. */
export function readSeries(document: Document, { field, kind, variant, range }: SeriesKind) {
  const series = document.series(field)
  if (series === undefined || series.items.length === 0) return { samples: [], sampleSpans: [] }
  const { start, intervalS, items } = series
  const at = (index: number) => new Date(start.at.getTime() + index * intervalS * 1000)
  const samples: SampleRecord[] = items.flatMap((value, index) =>
    typeof value === 'number' && value >= range.min && value <= range.max
      ? [sample(kind, value, { startedAt: at(index), endedAt: at(index), offsetSeconds: start.offsetSeconds, variant })]
      : [],
  )
  const span: SampleSpan = { kinds: [kind], from: start.at, to: at(items.length), source: '', variant }
  return { samples, sampleSpans: [span] }
}

type SampleFacts = Pick<SampleRecord, 'startedAt' | 'endedAt' | 'offsetSeconds' | 'variant'> &
  Partial<Pick<SampleRecord, 'sourceId' | 'localDay'>>

export function sample(kind: MetricKind, value: number, facts: SampleFacts): SampleRecord {
  return { kind, value, source: '', sourceId: null, manual: false, ...facts }
}
