import { normalizer, Refused } from './document.ts'
import { readSeries, type SeriesKind, sample } from './measurements.ts'

const MINDFUL = ['breathing', 'meditation', 'relaxation']
const SERIES: readonly SeriesKind[] = [
  { field: 'heart_rate', kind: 'heart_rate_bpm', variant: 'session', range: { min: 20, max: 260 } },
  { field: 'heart_rate_variability', kind: 'hrv_rmssd_ms', variant: 'session', range: { min: 1, max: 500 } },
]

/** A guided moment: its length where it was for the mind, and what was measured meanwhile. */
export const normalizeSession = normalizer((document) => {
  const sourceId = document.id()
  const localDay = document.day()
  const [start, end] = [document.moment('start_datetime'), document.moment('end_datetime')]
  if (end.at < start.at) throw new Refused('end_datetime: before the start')
  const type = document.text('type') ?? ''
  const seconds = (end.at.getTime() - start.at.getTime()) / 1000
  const facts = {
    startedAt: start.at,
    endedAt: end.at,
    offsetSeconds: start.offsetSeconds,
    variant: '',
    sourceId,
    localDay,
  }
  const series = SERIES.map((each) => readSeries(document, each))
  return {
    samples: [
      ...(MINDFUL.includes(type) ? [sample('mindful_time_s', seconds, facts)] : []),
      ...series.flatMap(({ samples }) => samples),
    ],
    sampleSpans: series.flatMap(({ sampleSpans }) => sampleSpans),
  }
})
