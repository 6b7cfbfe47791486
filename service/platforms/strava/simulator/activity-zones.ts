import type { Json, JsonObject } from './json.ts'
import { readId, readNumber } from './json.ts'
import { seeded } from './random.ts'

const BOUNDS: readonly number[] = [0, 115, 140, 155, 170]

/** Time in the zones of heart rate; the seconds sum to the moving time. Empty without heart rate. */
export function zonesOfActivity(detail: JsonObject): Json {
  if (detail['has_heartrate'] !== true) return []
  const random = seeded('zones', readId(detail))
  const weights = BOUNDS.map(() => random.between(0.1, 1))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const seconds = readNumber(detail, 'moving_time') ?? 0
  let before = 0
  let taken = 0
  const buckets = BOUNDS.map((min, index) => {
    before += weights[index] ?? 0
    const time = Math.round((seconds * before) / total) - taken
    taken += time
    return { min, max: BOUNDS[index + 1] ?? -1, time }
  })
  return [
    {
      type: 'heartrate',
      score: 40,
      distribution_buckets: buckets,
      resource_state: 3,
      sensor_based: true,
      points: 40,
      custom_zones: false,
    },
  ]
}
