import { AppError } from '../../runtime/errors.ts'
import type { DailyMetricRecord, Records, RejectedRecord, SampleRecord, SleepRecord } from '../records.ts'
import { readMetricPoint } from './auto-export-metric.ts'
import { readAggregatedSleep, readSleepSegment } from './auto-export-sleep.ts'
import { normalizeAutoExportWorkout } from './auto-export-workout.ts'
import { gatherRejections } from './health-record.ts'
import type { SleepSegment } from './sleep.ts'
import { toSleepSessions } from './sleep.ts'

type Json = Readonly<Record<string, unknown>>

/** What a day's, an hour's or a minute's bucket is called in the app's `automation-aggregation` header. */
const BUCKET_S: Readonly<Record<string, number>> = { minutes: 60, minute: 60, hours: 3600, hour: 3600 }

interface Gathered {
  readonly samples: SampleRecord[]
  readonly segments: SleepSegment[]
  readonly sleepSessions: SleepRecord[]
  readonly workouts: Pick<Records, 'activities' | 'activityStreams'>[]
  readonly rejected: RejectedRecord[]
  position: number
}

/**
 * A body that the app Health Auto Export posts. `metadata.aggregation` is its `automation-aggregation` header: a point stands for a minute,
 * an hour or a day, which the body does not say. Throws platform/unexpected_payload when there is no `data`.
 */
export function normalizeAutoExport(payload: unknown, metadata: Json = {}): Records {
  const body = asObject(payload)
  const data = asObject(body?.['data'])
  if (body === undefined || data === undefined)
    throw new AppError('platform/unexpected_payload', { problem: 'no data' })
  const gathered: Gathered = { samples: [], segments: [], sleepSessions: [], workouts: [], rejected: [], position: 0 }
  for (const metric of listOf(data['metrics'])) gatherMetric(gathered, asObject(metric) ?? {})
  // `workouts` has been seen beside `data` as well as in it.
  for (const workout of [...listOf(data['workouts']), ...listOf(body['workouts'])]) gatherWorkout(gathered, workout)
  gatherOthers(gathered, data)
  return finish(gathered, typeof metadata['aggregation'] === 'string' ? metadata['aggregation'] : '')
}

function gatherMetric(gathered: Gathered, metric: Json): void {
  const { name, units } = metric
  for (const item of listOf(metric['data'])) {
    const position = gathered.position++
    const point = asObject(item)
    if (point === undefined || typeof name !== 'string') {
      gathered.rejected.push({ position, reason: 'metric: no name or no point' })
    } else if (name === 'sleep_analysis') {
      gatherSleep(gathered, point, position)
    } else {
      const reading = readMetricPoint({ name, units: typeof units === 'string' ? units : '', point })
      gathered.samples.push(...reading.samples)
      if (reading.problem !== undefined) gathered.rejected.push({ position, reason: reading.problem })
    }
  }
}

function gatherSleep(gathered: Gathered, point: Json, position: number): void {
  // Single stages have a startDate, what is summed up over a night has not.
  const reading = point['startDate'] === undefined ? readAggregatedSleep(point) : readSleepSegment(point)
  if ('problem' in reading) gathered.rejected.push({ position, reason: reading.problem })
  else if ('stage' in reading) gathered.segments.push(reading)
  else gathered.sleepSessions.push(reading)
}

function gatherWorkout(gathered: Gathered, item: unknown): void {
  const position = gathered.position++
  const workout = normalizeAutoExportWorkout(asObject(item) ?? {})
  if ('problem' in workout) gathered.rejected.push({ position, reason: workout.problem })
  else gathered.workouts.push(workout)
}

function gatherOthers(gathered: Gathered, data: Json): void {
  for (const [key, items] of Object.entries(data)) {
    if (key === 'metrics' || key === 'workouts') continue
    const name = /^[A-Za-z]{1,60}$/.test(key) ? key : 'list'
    for (const _item of listOf(items))
      gathered.rejected.push({ position: gathered.position++, reason: `${name}: nothing is made of it` })
  }
}

function finish(gathered: Gathered, aggregation: string): Records {
  const { samples, segments, sleepSessions, workouts, rejected } = gathered
  const isDaily = aggregation === 'days' || aggregation === 'day'
  return {
    ...(isDaily
      ? { dailyMetrics: toDailyMetrics(samples) }
      : { samples: withLength(samples, BUCKET_S[aggregation] ?? 0) }),
    sleepSessions: [...sleepSessions, ...toSleepSessions(segments, 'some')],
    activities: workouts.flatMap(({ activities = [] }) => activities),
    activityStreams: workouts.flatMap(({ activityStreams = [] }) => activityStreams),
    rejected: gatherRejections(rejected),
  }
}

function withLength(samples: readonly SampleRecord[], seconds: number): SampleRecord[] {
  return samples.map((sample) => ({ ...sample, endedAt: new Date(sample.startedAt.getTime() + seconds * 1000) }))
}

function toDailyMetrics(samples: readonly SampleRecord[]): DailyMetricRecord[] {
  return samples.map(({ kind, value, startedAt, offsetSeconds }) => ({
    kind,
    value,
    localDay: new Date(startedAt.getTime() + (offsetSeconds ?? 0) * 1000).toISOString().slice(0, 10),
  }))
}

export function asObject(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
