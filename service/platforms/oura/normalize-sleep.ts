import type { SleepRecord, SleepStage } from '../records.ts'
import { type Document, type Moment, normalizer } from './document.ts'
import { type DailyField, readDaily, readSeries, type SeriesKind } from './measurements.ts'

const LONGEST_S = 48 * 3600
const SECONDS = { min: 0, max: LONGEST_S }
/** Oura calls three hours of sleep a long one; where it does not say, time in bed decides. */
const LONG_S = 3 * 3600

const STAGES: Readonly<Record<string, SleepStage>> = { '1': 'deep', '2': 'light', '3': 'rem', '4': 'awake' }

const SERIES: readonly SeriesKind[] = [
  { field: 'heart_rate', kind: 'heart_rate_bpm', variant: 'sleep', range: { min: 20, max: 260 } },
  { field: 'hrv', kind: 'hrv_rmssd_ms', variant: 'sleep', range: { min: 1, max: 500 } },
]

/** Of the night's main sleep. Oura's HRV is RMSSD. */
const NIGHT: readonly DailyField[] = [
  ['average_hrv', 'hrv_rmssd_night_mean_ms', { min: 1, max: 500 }],
  ['average_heart_rate', 'sleeping_heart_rate_mean_bpm', { min: 20, max: 260 }],
  ['lowest_heart_rate', 'sleeping_heart_rate_min_bpm', { min: 20, max: 260 }],
  ['average_breath', 'sleeping_respiration_rate_mean_per_min', { min: 1, max: 100 }],
  ['efficiency', 'sleep_efficiency_percent', { min: 0, max: 100 }],
  ['latency', 'sleep_latency_s', SECONDS],
  ['restless_periods', 'sleep_restless_periods', { min: 0, max: 10_000 }],
]

/** One period of sleep. What the person deleted, or told Oura to be no sleep (`rest`), is none here either. */
export const normalizeSleep = normalizer(
  (document) => {
    const id = document.id()
    const type = document.text('type')
    if (type === 'deleted' || type === 'rest') return { deletedSleepSessions: [id] }
    const sleep = readSleep(document, { id, type })
    const series = SERIES.map((each) => readSeries(document, each))
    return {
      sleepSessions: [sleep],
      samples: series.flatMap(({ samples }) => samples),
      sampleSpans: series.flatMap(({ sampleSpans }) => sampleSpans),
      dailyMetrics: sleep.nap ? [] : readDaily(document, document.day(), NIGHT),
    }
  },
  ['sleepSessions'],
)

function readSleep(document: Document, { id, type }: { id: string; type: string | undefined }): SleepRecord {
  const [start, end] = [document.moment('bedtime_start'), document.moment('bedtime_end')]
  const seconds = (name: string) => document.number(name, SECONDS) ?? null
  const inBedS = seconds('time_in_bed')
  const durationS = inBedS ?? (end.at.getTime() - start.at.getTime()) / 1000
  return {
    sourceId: id,
    source: '',
    startedAt: start.at,
    endedAt: end.at,
    endOffsetSeconds: end.offsetSeconds,
    timeZone: null,
    localDay: document.day(),
    nap: type === undefined ? durationS < LONG_S : type !== 'long_sleep',
    asleepS: seconds('total_sleep_duration'),
    inBedS,
    awakeS: seconds('awake_time'),
    lightS: seconds('light_sleep_duration'),
    deepS: seconds('deep_sleep_duration'),
    remS: seconds('rem_sleep_duration'),
    score: null,
    finality: 0,
    stages: readStages(document, start, end),
  }
}

/** A digit for every half minute, or for every five minutes where there is no finer text. Equal neighbours are one stage. */
function readStages(document: Document, start: Moment, end: Moment): SleepRecord['stages'] {
  const fine = document.text('sleep_phase_30_sec')
  const phases = fine ?? document.text('sleep_phase_5_min') ?? ''
  const stepMs = fine === undefined ? 300_000 : 30_000
  const stages: { stage: SleepStage; startedAt: Date; endedAt: Date }[] = []
  for (const [index, digit] of Array.from(phases).entries()) {
    const stage = STAGES[digit]
    const startMs = start.at.getTime() + index * stepMs
    const endMs = Math.min(startMs + stepMs, end.at.getTime())
    if (stage === undefined || endMs <= startMs) continue
    const last = stages.at(-1)
    if (last?.stage === stage && last.endedAt.getTime() === startMs) last.endedAt = new Date(endMs)
    else stages.push({ stage, startedAt: new Date(startMs), endedAt: new Date(endMs) })
  }
  return stages
}
