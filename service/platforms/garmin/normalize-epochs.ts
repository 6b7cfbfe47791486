import type { MetricKind } from '../metric-kinds.ts'
import { normalizer } from './item-reader.ts'
import { readPeriod, sample } from './measurements.ts'

const FIELDS: readonly (readonly [field: string, kind: MetricKind, max: number])[] = [
  ['steps', 'steps', 1e5],
  ['distanceInMeters', 'distance_m', 1e6],
  ['activeKilocalories', 'active_energy_kcal', 1e5],
  ['activeTimeInSeconds', 'active_time_s', 86_400],
  ['met', 'physical_effort_met', 100],
  ['meanMotionIntensity', 'motion_intensity_mean_score', 7],
  ['maxMotionIntensity', 'motion_intensity_max_score', 7],
  ['pushes', 'wheelchair_pushes', 1e5],
  ['pushDistanceInMeters', 'wheelchair_distance_m', 1e6],
  ['meanHeartRateInBeatsPerMinute', 'heart_rate_bpm', 400],
  ['maxHeartRateInBeatsPerMinute', 'heart_rate_max_bpm', 400],
]

/**
 * A quarter of an hour has one record for each kind of movement in it, and they add up: the kind is the variant. One that was synced in
 * mid-interval is shorter than the one that replaces it, in whichever order the two arrive.
 */
export const normalizeEpochs = normalizer((reader) => {
  const { startS, durationS, offsetS } = readPeriod(reader)
  const variant = (reader.text('activityType') ?? 'generic').toLowerCase()
  const sourceId = reader.id('summaryId') ?? null
  const times = { startS, endS: startS + durationS, offsetS, variant, sourceId }
  const samples = FIELDS.flatMap(([field, kind, max]) => {
    const value = reader.number(field, { max })
    const isMissing = value === undefined || (value === 0 && kind.startsWith('heart_rate'))
    return isMissing ? [] : [sample(kind, value, times)]
  })
  const to = new Date((startS + Math.max(1, durationS)) * 1000)
  const kinds = FIELDS.map(([, kind]) => kind)
  return {
    samples,
    sampleSpans: [{ kinds, from: new Date(startS * 1000), to, source: '', variant, keepLonger: true }],
  }
})
