import type { SampleRecord } from '../records.ts'
import { healthKitType } from './auto-export-names.ts'
import { readNumber, readRecord } from './health-record.ts'
import { parseMoment } from './moments.ts'

type Json = Readonly<Record<string, unknown>>

interface MetricPoint {
  /** The app's own name of the metric. */
  readonly name: string
  readonly units: string
  readonly point: Json
}

export interface PointReading {
  readonly samples: readonly SampleRecord[]
  /** Why the point, or a part of it, became nothing. */
  readonly problem?: string
}

/** One point of a metric. The name decides what its fields are. */
export function readMetricPoint(metric: MetricPoint): PointReading {
  const { name, units, point } = metric
  switch (name) {
    case 'heart_rate':
      return readHeartRate(metric)
    case 'blood_pressure':
      return both(
        quantity(metric, 'HKQuantityTypeIdentifierBloodPressureSystolic', point['systolic']),
        quantity(metric, 'HKQuantityTypeIdentifierBloodPressureDiastolic', point['diastolic']),
      )
    case 'apple_stand_hour':
      return plain(metric, 'stand_hours', 1)
    case 'mindful_minutes':
      return plain(metric, 'mindful_time_s', units === 's' ? 1 : 60)
    default: {
      const type = healthKitType(name)
      if (type === undefined) return { samples: [], problem: `${nameOf(name)}: no kind for it here` }
      return quantity(metric, type, point['qty'])
    }
  }
}

function quantity({ units, point }: MetricPoint, type: string, value: unknown): PointReading {
  const reading = readRecord({
    position: 0,
    type,
    value,
    unit: unitOf(units, type, value),
    startDate: point['date'],
    endDate: point['date'],
    source: sourceOf(point),
    sourceId: null,
    manual: false,
    timeZone: null,
  })
  if (reading.is === 'sample') return { samples: [reading.sample] }
  return { samples: [], problem: reading.is === 'rejected' ? reading.reason : 'not a sample' }
}

/** The app's percents are 0 to 100, but where nobody lives with so little a fraction is meant. */
function unitOf(units: string, type: string, value: unknown): string {
  if (units !== '%') return units
  const isFraction = /(OxygenSaturation|BodyFatPercentage)$/.test(type) && Number(value) <= 1
  return isFraction ? '%' : '%100'
}

/** Capitals are the app's; the mean is what other platforms call the heart rate. Each is read by itself. */
function readHeartRate(metric: MetricPoint): PointReading {
  const { point } = metric
  const read = (value: unknown, kind: SampleRecord['kind']): PointReading => {
    const reading = quantity(metric, 'HKQuantityTypeIdentifierHeartRate', value)
    return { ...reading, samples: reading.samples.map((sample) => ({ ...sample, kind })) }
  }
  const limits = [
    [point['Min'], 'heart_rate_min_bpm'],
    [point['Max'], 'heart_rate_max_bpm'],
  ] as const
  return limits
    .filter(([value]) => value != null)
    .map(([value, kind]) => read(value, kind))
    .reduce(both, read(point['Avg'] ?? point['qty'], 'heart_rate_bpm'))
}

function plain({ point }: MetricPoint, kind: 'stand_hours' | 'mindful_time_s', factor: number): PointReading {
  const start = parseMoment(point['date'])
  const value = readNumber(point['qty'])
  if (start === undefined) return { samples: [], problem: 'date: not a time with an offset from UTC' }
  if (value === undefined) return { samples: [], problem: `qty: not a number (${kind})` }
  const { at, offsetSeconds } = start
  const times = { startedAt: at, endedAt: at, offsetSeconds }
  const sample = {
    kind,
    ...times,
    value: value * factor,
    source: sourceOf(point),
    variant: '',
    sourceId: null,
    manual: false,
  }
  return { samples: [sample] }
}

function both(one: PointReading, other: PointReading): PointReading {
  const problem = one.problem ?? other.problem
  return { samples: [...one.samples, ...other.samples], ...(problem !== undefined && { problem }) }
}

/** Several devices are joined by a pipe, as the app does it. */
export function sourceOf(point: Json): string {
  const { source } = point
  return typeof source === 'string' ? source.slice(0, 1000) : ''
}

function nameOf(name: string): string {
  return /^[a-z0-9_]{1,80}$/.test(name) ? name : 'metric'
}
