import type { SampleRecord } from '../records.ts'
import { normalizer } from './document.ts'
import { sample } from './measurements.ts'

/**
 * One measurement in UTC: where the person was is not told, so the offset stays unknown. Those made asleep are in the sleep's own series
 * and would count twice.
 */
export const normalizeHeartRate = normalizer((document): { samples: SampleRecord[] } => {
  const { at } = document.moment('timestamp')
  const bpm = document.needed(document.number('bpm', { min: 20, max: 260 }), 'bpm')
  const variant = document.text('source') ?? ''
  if (variant === 'sleep') return { samples: [] }
  return { samples: [sample('heart_rate_bpm', bpm, { startedAt: at, endedAt: at, offsetSeconds: null, variant })] }
})
