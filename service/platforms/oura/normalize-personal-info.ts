import { normalizer, Refused } from './document.ts'

/** Weight and height as the profile has them. Oura does not say since when: they are of the day on which they were fetched. */
export const normalizePersonalInfo = normalizer((document, metadata) => {
  const fetchedAt = metadata['fetched_at']
  const localDay = typeof fetchedAt === 'string' ? /^\d{4}-\d\d-\d\d/.exec(fetchedAt)?.[0] : undefined
  const weightKg = document.number('weight', { min: 1, max: 1000 })
  const heightM = document.number('height', { min: 0.3, max: 3 })
  if (weightKg === undefined && heightM === undefined) return {}
  if (localDay === undefined) throw new Refused('fetched_at: missing')
  return {
    dailyMetrics: [
      ...(weightKg === undefined ? [] : [{ localDay, kind: 'body_weight_kg' as const, value: weightKg }]),
      // Metres with two digits after the point: centimetres without a rounding error behind them.
      ...(heightM === undefined
        ? []
        : [{ localDay, kind: 'body_height_cm' as const, value: Math.round(heightM * 1000) / 10 }]),
    ],
  }
})
