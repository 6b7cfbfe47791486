import { AppError } from '../../runtime/errors.ts'
import { METRIC_KINDS } from '../metric-kinds.ts'
import type { DailyMetricRecord, Records, RejectedRecord, SampleRecord, SleepRecord } from '../records.ts'
import { readMetricPoint } from './auto-export-metric.ts'
import { readAggregatedSleep, readSleepSegment } from './auto-export-sleep.ts'
import { type AutoExportWorkout, normalizeAutoExportWorkout } from './auto-export-workout.ts'
import { gatherRejections } from './health-record.ts'
import { localDayOf } from './moments.ts'
import type { SleepSegment } from './sleep.ts'
import { toSleepSessions } from './sleep.ts'
import { noteLeftOut } from './workout-numbers.ts'

type Json = Readonly<Record<string, unknown>>

/** What a bucket is called in the app's `automation-aggregation` header, by its length; a day's is told apart. */
const BUCKET_S: Readonly<Record<string, number>> = { second: 1, minute: 60, hour: 3600 }
/** Nobody can tell what of such a sum was of which day. */
const LONGER_THAN_A_DAY: readonly string[] = ['week', 'month', 'year']

interface Gathered {
  readonly samples: SampleRecord[]
  readonly segments: SleepSegment[]
  readonly sleepSessions: SleepRecord[]
  readonly workouts: AutoExportWorkout[]
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
  for (const metric of gatherList(gathered, data, 'metrics')) gatherMetric(gathered, asObject(metric) ?? {})
  // `workouts` has been seen beside `data` as well as in it.
  const workouts = [data, body].flatMap((from) => gatherList(gathered, from, 'workouts'))
  for (const workout of workouts) gatherWorkout(gathered, workout)
  gatherOthers(gathered, data)
  return finish(gathered, typeof metadata['aggregation'] === 'string' ? metadata['aggregation'] : '')
}

/** Null and absent are empty; anything else that is no list is named. */
function gatherList(gathered: Gathered, from: Json, name: string): readonly unknown[] {
  const list = from[name] ?? []
  if (Array.isArray(list)) return list
  gathered.rejected.push({ position: gathered.position++, reason: `${name}: not a list` })
  return []
}

function gatherMetric(gathered: Gathered, metric: Json): void {
  const { name } = metric
  const units = typeof metric['units'] === 'string' ? metric['units'] : ''
  for (const item of gatherList(gathered, metric, 'data')) {
    const position = gathered.position++
    const point = asObject(item)
    if (point === undefined || typeof name !== 'string') {
      gathered.rejected.push({ position, reason: 'metric: no name or no point' })
    } else if (name === 'sleep_analysis') {
      gatherSleep(gathered, { point, units, position })
    } else {
      const reading = readMetricPoint({ name, units, point })
      gathered.samples.push(...reading.samples)
      if (reading.problem !== undefined) gathered.rejected.push({ position, reason: reading.problem })
    }
  }
}

function gatherSleep(
  gathered: Gathered,
  { point, units, position }: { point: Json; units: string; position: number },
): void {
  // Single stages have a startDate, what is summed up over a night has not.
  const reading = point['startDate'] === undefined ? readAggregatedSleep(point, units) : readSleepSegment(point)
  if ('problem' in reading) gathered.rejected.push({ position, reason: reading.problem })
  else if ('stage' in reading) gathered.segments.push(reading)
  else gathered.sleepSessions.push(reading)
}

function gatherWorkout(gathered: Gathered, item: unknown): void {
  const position = gathered.position++
  const workout = normalizeAutoExportWorkout(asObject(item) ?? {})
  if ('problem' in workout) gathered.rejected.push({ position, reason: workout.problem })
  else {
    gathered.workouts.push(workout)
    gathered.rejected.push(...noteLeftOut(position, workout.leftOut))
  }
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
  const { segments, sleepSessions, workouts, rejected } = gathered
  const bucket = aggregation.toLowerCase().replace(/s$/, '')
  const samples = LONGER_THAN_A_DAY.includes(bucket) ? refuseAll(gathered) : gathered.samples
  return {
    ...(bucket === 'day'
      ? { dailyMetrics: toDailyMetrics(samples) }
      : { samples: withLength(samples, BUCKET_S[bucket] ?? 0) }),
    sleepSessions: [...sleepSessions, ...toSleepSessions(segments, 'some')],
    activities: workouts.flatMap(({ activities = [] }) => activities),
    activityStreams: workouts.flatMap(({ activityStreams = [] }) => activityStreams),
    rejected: gatherRejections(rejected),
  }
}

function refuseAll(gathered: Gathered): readonly SampleRecord[] {
  for (const _sample of gathered.samples)
    gathered.rejected.push({ position: gathered.position++, reason: 'automation-aggregation: longer than a day' })
  return []
}

function withLength(samples: readonly SampleRecord[], seconds: number): SampleRecord[] {
  return samples.map((sample) => ({ ...sample, endedAt: new Date(sample.startedAt.getTime() + seconds * 1000) }))
}

/** One number for a day. Of what two devices counted it is the greater, never the sum: both saw less than there was, or all of it. */
function toDailyMetrics(samples: readonly SampleRecord[]): DailyMetricRecord[] {
  const byDay = new Map<string, DailyMetricRecord>()
  for (const { kind, value, startedAt, offsetSeconds } of samples) {
    const localDay = localDayOf({ at: startedAt, offsetSeconds })
    const known = byDay.get(`${localDay} ${kind}`)
    if (known === undefined || METRIC_KINDS[kind].aggregation !== 'sum' || value > known.value)
      byDay.set(`${localDay} ${kind}`, { kind, value, localDay })
  }
  return [...byDay.values()]
}

export function asObject(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
