export type Sport = 'Run' | 'TrailRun' | 'Ride' | 'VirtualRide' | 'Swim' | 'Walk' | 'Hike' | 'WeightTraining'

export interface SportProfile {
  /** The older, coarser name that Strava sends beside `sport_type`. */
  readonly type: string
  readonly title: string
  /** Zero: the sport has no distance. */
  readonly speedMPerS: number
  readonly climbMPerKm: number
  readonly heartRateBpm: number
  /** Runs: of one foot. */
  readonly cadenceRpm: number | null
  readonly powerW: number | null
  readonly kcalPerMinute: number
  readonly outdoors: boolean
  readonly gear: 'b' | 'g' | null
  readonly lapM: number
}

export const SPORTS: Readonly<Record<Sport, SportProfile>> = {
  Run: profile('Run', 'Run', {
    speedMPerS: 2.75,
    climbMPerKm: 8,
    heartRateBpm: 148,
    cadenceRpm: 82,
    kcalPerMinute: 11.5,
    gear: 'g',
    lapM: 1000,
  }),
  TrailRun: profile('Run', 'Trail Run', {
    speedMPerS: 2.3,
    climbMPerKm: 34,
    heartRateBpm: 151,
    cadenceRpm: 79,
    kcalPerMinute: 11.8,
    gear: 'g',
    lapM: 1000,
  }),
  Ride: profile('Ride', 'Ride', {
    speedMPerS: 7.1,
    climbMPerKm: 9,
    heartRateBpm: 136,
    cadenceRpm: 81,
    powerW: 165,
    kcalPerMinute: 10,
    gear: 'b',
    lapM: 10_000,
  }),
  VirtualRide: profile('VirtualRide', 'Indoor Ride', {
    speedMPerS: 8.4,
    climbMPerKm: 10,
    heartRateBpm: 141,
    cadenceRpm: 86,
    powerW: 185,
    kcalPerMinute: 11,
    outdoors: false,
    gear: 'b',
    lapM: 10_000,
  }),
  Swim: profile('Swim', 'Swim', {
    speedMPerS: 0.74,
    heartRateBpm: 132,
    cadenceRpm: 27,
    kcalPerMinute: 9,
    outdoors: false,
    lapM: 500,
  }),
  Walk: profile('Walk', 'Walk', {
    speedMPerS: 1.38,
    climbMPerKm: 6,
    heartRateBpm: 98,
    cadenceRpm: 55,
    kcalPerMinute: 4.5,
  }),
  Hike: profile('Hike', 'Hike', {
    speedMPerS: 1.15,
    climbMPerKm: 52,
    heartRateBpm: 117,
    cadenceRpm: 52,
    kcalPerMinute: 6.8,
  }),
  WeightTraining: profile('WeightTraining', 'Weight Training', {
    heartRateBpm: 108,
    kcalPerMinute: 6,
    outdoors: false,
  }),
}

export function profileOf(sport: string | undefined): SportProfile | undefined {
  return Object.hasOwn(SPORTS, sport ?? '') ? SPORTS[sport as Sport] : undefined
}

function profile(
  type: string,
  title: string,
  own: Partial<SportProfile> & { heartRateBpm: number; kcalPerMinute: number },
): SportProfile {
  const plain = {
    speedMPerS: 0,
    climbMPerKm: 0,
    cadenceRpm: null,
    powerW: null,
    outdoors: true,
    gear: null,
    lapM: Number.POSITIVE_INFINITY,
  }
  return { type, title, ...plain, ...own }
}
