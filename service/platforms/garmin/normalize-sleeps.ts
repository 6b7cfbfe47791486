import type { SleepRecord, SleepStage } from '../records.ts'
import { type ItemReader, normalizer, Refused } from './item-reader.ts'
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
  const stages = readStages(reader, period.startS)
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
  if (endMs <= startS * 1000) throw new Refused(reader.problems[0] ?? 'durationInSeconds: missing')
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
    score: readScore(reader),
    finality: rank === -1 ? FINALITY.indexOf('DEVICE') : rank,
    stages,
  }
}

function readScore(reader: ItemReader): number | null {
  const score = reader.object('overallSleepScore')
  const value = score?.number('value', { max: 100 }) ?? null
  reader.problems.push(...(score?.problems ?? []).map((problem) => `overallSleepScore: ${problem}`))
  return value
}

const UNMEASURED = ['unmeasurableSleepInSeconds', 'unmeasurableSleepDurationInSeconds']

function readStages(reader: ItemReader, nightS: number): SleepRecord['stages'] {
  const map = reader.object('sleepLevelsMap')
  if (map === undefined) return []
  const stages = STAGES.flatMap((stage) => map.parts(stage, (part) => readStage(stage, part, nightS)))
  reader.problems.push(...map.problems.map((problem) => `sleepLevelsMap: ${problem}`))
  return stages.toSorted((a, b) => a.startedAt.getTime() - b.startedAt.getTime())
}

/** One that cannot be of this night is left out, and does not take the night with it. */
function readStage(stage: SleepStage, reader: ItemReader, nightS: number): SleepRecord['stages'][number] {
  const [startS, endS] = [reader.startS(), reader.startS('endTimeInSeconds')]
  if (endS < startS) throw new Refused('endTimeInSeconds: before startTimeInSeconds')
  if (startS < nightS - LONGEST_S || endS > nightS + LONGEST_S)
    throw new Refused('startTimeInSeconds: not of this night')
  return { stage, startedAt: new Date(startS * 1000), endedAt: new Date(endS * 1000) }
}

function readNaps(parent: ItemReader): SleepRecord[] {
  return [...parent.parts('naps', readNap)]
}

function readNap(reader: ItemReader): SleepRecord {
  const startS = reader.startS('napStartTimeInSeconds')
  const durationS = reader.whole('napDurationInSeconds', { min: 1, max: LONGEST_S })
  if (durationS === undefined) throw new Refused(reader.problems.pop() ?? 'napDurationInSeconds: missing')
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
}

function readUnmeasured(reader: ItemReader, { localDay }: Period, finality: number) {
  const value = reader.number(UNMEASURED, { max: LONGEST_S })
  return value === undefined || localDay === undefined
    ? []
    : [{ localDay, kind: 'sleep_unmeasurable_s' as const, value, finality }]
}

const SNAPSHOT = {
  heart_rate: { kind: 'heart_rate_bpm', max: 400 },
  respiration: { kind: 'respiration_rate_per_min', max: 100 },
  stress: { kind: 'stress_score', max: 100 },
  spo2: { kind: 'oxygen_saturation_percent', max: 100 },
  rmssd_hrv: { kind: 'hrv_rmssd_ms', max: 1000 },
  sdrr_hrv: { kind: 'hrv_sdrr_ms', max: 1000 },
} as const

/** Two minutes of everything at once. Where the single values are given, their average is not counted beside them. */
export const normalizeHealthSnapshot = normalizer((reader) => {
  const period = readPeriod(reader)
  const parts = reader.parts('summaries', (part) => readSnapshot(part, period))
  return {
    samples: parts.flatMap(({ samples }) => samples),
    sampleSpans: parts.flatMap(({ sampleSpans }) => sampleSpans),
  }
})

function readSnapshot(reader: ItemReader, period: Period) {
  const type = (reader.text('summaryType') ?? '').toLowerCase()
  const known = Object.hasOwn(SNAPSHOT, type) ? SNAPSHOT[type as keyof typeof SNAPSHOT] : undefined
  if (known === undefined) throw new Refused(reader.problems.pop() ?? 'summaryType: unknown')
  const { kind, max } = known
  const variant = 'snapshot'
  const series = readSeries(reader, period, { field: 'epochSummaries', kind, variant, min: 1, max })
  const average = reader.number('avgValue', { min: -5, max })
  if (series.samples.length > 0 || average === undefined || average <= 0) return series
  const { startS, durationS, offsetS } = period
  return { samples: [sample(kind, average, { startS, endS: startS + durationS, offsetS, variant })], sampleSpans: [] }
}
