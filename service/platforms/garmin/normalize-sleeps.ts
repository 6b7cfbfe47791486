import type { SleepRecord, SleepStage } from '../records.ts'
import { ItemReader, normalizer } from './item-reader.ts'
import { type Period, readPeriod, readSeries, sample } from './measurements.ts'

/** What is later in this list replaces what is earlier; a word that is not here counts as DEVICE. */
const FINALITY = [
  'OFF_WRIST',
  'MANUAL',
  'AUTO_MANUAL',
  'DEVICE',
  'AUTO_TENTATIVE',
  'ENHANCED_TENTATIVE',
  'AUTO_FINAL',
  'ENHANCED_FINAL',
]
const STAGES: readonly SleepStage[] = ['deep', 'light', 'rem', 'awake']
const LONGEST_S = 48 * 3600

export const normalizeSleeps = normalizer((reader) => {
  const period = readPeriod(reader)
  const stages = readStages(reader)
  const night = readNight(reader, { period, stages })
  const variant = 'sleep'
  const breath = {
    field: 'timeOffsetSleepRespiration',
    kind: 'respiration_rate_per_min',
    variant,
    min: 1,
    max: 100,
  } as const
  const oxygen = { field: 'timeOffsetSleepSpo2', kind: 'oxygen_saturation_percent', variant, min: 1, max: 100 } as const
  const series = [readSeries(reader, period, breath), readSeries(reader, period, oxygen)]
  return {
    sleepSessions: [night, ...readNaps(reader)],
    samples: series.flatMap(({ samples }) => samples),
    sampleSpans: series.flatMap(({ sampleSpans }) => sampleSpans),
    dailyMetrics: readUnmeasured(reader, period, night.finality),
  }
})

interface NightParts {
  readonly period: Period
  readonly stages: SleepRecord['stages']
}

/** The duration leaves out what was awake or unmeasurable, so the end is that of the last stage, or what was left out is added. */
function readNight(reader: ItemReader, { period, stages }: NightParts): SleepRecord {
  const { startS, durationS, offsetS, localDay } = period
  const seconds = (name: string) => reader.whole(name, { max: LONGEST_S }) ?? null
  const awakeS = seconds('awakeDurationInSeconds')
  const unmeasuredS = reader.whole(UNMEASURED, { max: LONGEST_S }) ?? 0
  const lastStageMs = Math.max(0, ...stages.map(({ endedAt }) => endedAt.getTime()))
  const endMs = lastStageMs > 0 ? lastStageMs : (startS + durationS + (awakeS ?? 0) + unmeasuredS) * 1000
  const rank = FINALITY.indexOf(reader.text('validation') ?? '')
  return {
    sourceId: `sleep:${startS}`,
    source: '',
    startedAt: new Date(startS * 1000),
    endedAt: new Date(endMs),
    endOffsetSeconds: offsetS,
    timeZone: null,
    ...(localDay === undefined ? {} : { localDay }),
    nap: false,
    asleepS: seconds('durationInSeconds'),
    inBedS: Math.round(endMs / 1000 - startS),
    awakeS,
    lightS: seconds('lightSleepDurationInSeconds'),
    deepS: seconds('deepSleepDurationInSeconds'),
    remS: seconds('remSleepInSeconds'),
    score: reader.object('overallSleepScore')?.number('value', { max: 100 }) ?? null,
    finality: rank === -1 ? FINALITY.indexOf('DEVICE') : rank,
    stages,
  }
}

const UNMEASURED = ['unmeasurableSleepInSeconds', 'unmeasurableSleepDurationInSeconds']

function readStages(reader: ItemReader): SleepRecord['stages'] {
  const map = reader.object('sleepLevelsMap')
  if (map === undefined) return []
  const stages = STAGES.flatMap((stage) => map.list(stage).map((item) => readStage(stage, new ItemReader(item))))
  reader.problems.push(...map.problems)
  return stages.toSorted((a, b) => a.startedAt.getTime() - b.startedAt.getTime())
}

function readStage(stage: SleepStage, reader: ItemReader): SleepRecord['stages'][number] {
  return {
    stage,
    startedAt: new Date(reader.startS() * 1000),
    endedAt: new Date(reader.startS('endTimeInSeconds') * 1000),
  }
}

function readNaps(parent: ItemReader): SleepRecord[] {
  return parent.list('naps').map((item) => {
    const reader = new ItemReader(item)
    const startS = reader.startS('napStartTimeInSeconds')
    const durationS = reader.whole('napDurationInSeconds', { max: LONGEST_S }) ?? 0
    const unknown = { awakeS: null, lightS: null, deepS: null, remS: null, score: null, timeZone: null, inBedS: null }
    return {
      ...unknown,
      sourceId: `nap:${startS}`,
      source: '',
      startedAt: new Date(startS * 1000),
      endedAt: new Date((startS + durationS) * 1000),
      endOffsetSeconds: reader.offsetS('napOffsetInSeconds'),
      nap: true,
      asleepS: durationS,
      finality: FINALITY.indexOf(reader.text('napValidation') === 'MANUAL' ? 'MANUAL' : 'DEVICE'),
      stages: [],
    }
  })
}

function readUnmeasured(reader: ItemReader, { localDay }: Period, finality: number) {
  const value = reader.number(UNMEASURED, { max: LONGEST_S })
  return value === undefined || localDay === undefined
    ? []
    : [{ localDay, kind: 'sleep_unmeasurable_s' as const, value, finality }]
}

const SNAPSHOT = {
  heart_rate: 'heart_rate_bpm',
  respiration: 'respiration_rate_per_min',
  stress: 'stress_score',
  spo2: 'oxygen_saturation_percent',
  rmssd_hrv: 'hrv_rmssd_ms',
  sdrr_hrv: 'hrv_sdrr_ms',
} as const

/** Two minutes of everything at once. Where the single values are given, their average is not counted beside them. */
export const normalizeHealthSnapshot = normalizer((reader) => {
  const period = readPeriod(
    reader,
    reader.offsetS('startTimeOffsetInSeconds') === null ? 'offsetStartTimeInSeconds' : undefined,
  )
  const parts = reader.list('summaries').map((item) => readSnapshot(new ItemReader(item), period))
  return {
    samples: parts.flatMap(({ samples }) => samples),
    sampleSpans: parts.flatMap(({ sampleSpans }) => sampleSpans),
  }
})

function readSnapshot(reader: ItemReader, period: Period) {
  const type = (reader.text('summaryType') ?? '').toLowerCase()
  const kind = Object.hasOwn(SNAPSHOT, type) ? SNAPSHOT[type as keyof typeof SNAPSHOT] : undefined
  if (kind === undefined) return { samples: [], sampleSpans: [] }
  const variant = 'snapshot'
  const series = readSeries(reader, period, { field: 'epochSummaries', kind, variant, min: 1, max: 1000 })
  const average = reader.number('avgValue', { min: -5, max: 1000 })
  if (series.samples.length > 0 || average === undefined || average <= 0) return series
  const { startS, durationS, offsetS } = period
  return { samples: [sample(kind, average, { startS, endS: startS + durationS, offsetS, variant })], sampleSpans: [] }
}
