import { normalizer, Refused } from './document.ts'
import { canonicalSport } from './sports.ts'

/** Told by the person, noticed by the ring, or noticed and confirmed. Oura measures neither a route nor the pauses. */
export const normalizeWorkout = normalizer(
  (document) => {
    const sourceId = document.id()
    const [start, end] = [document.moment('start_datetime'), document.moment('end_datetime')]
    if (end.at < start.at) throw new Refused('end_datetime: before the start')
    const sourceSport = document.text('activity') ?? 'unknown'
    const unmeasured = {
      movingTimeS: null,
      elevationGainM: null,
      meanSpeedMPerS: null,
      maxSpeedMPerS: null,
      heartRateMeanBpm: null,
      heartRateMaxBpm: null,
      cadenceMeanRpm: null,
      powerMeanW: null,
    }
    const activity = {
      ...unmeasured,
      sourceId,
      sport: canonicalSport(sourceSport),
      sourceSport,
      name: document.text('label') ?? null,
      localDay: document.day(),
      startedAt: start.at,
      endedAt: end.at,
      startOffsetSeconds: start.offsetSeconds,
      timeZone: null,
      startTimeHidden: false,
      distanceM: document.number('distance', { min: 0, max: 1e6 }) ?? null,
      elapsedTimeS: Math.round((end.at.getTime() - start.at.getTime()) / 1000),
      energyKcal: document.number('calories', { min: 0, max: 30_000 }) ?? null,
      manual: document.text('source') === 'manual',
      indoor: /indoor|treadmill|stationary/i.test(sourceSport),
      hasRoute: false,
      private: false,
      deviceName: null,
      sourceUrl: null,
      detailed: true,
    }
    return { activities: [activity] }
  },
  ['activities'],
)
