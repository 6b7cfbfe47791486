/** HealthKit's activity types (without HKWorkoutActivityType) by our sport; types not listed are `other`. */
const SPORTS: Readonly<Record<string, string>> = {
  walk: 'Walking',
  hike: 'Hiking',
  run: 'Running TrackAndField',
  ride: 'Cycling',
  swim: 'Swimming',
  row: 'Rowing',
  paddle: 'PaddleSports',
  ski: 'CrossCountrySkiing DownhillSkiing SnowSports',
  snowboard: 'Snowboarding',
  skate: 'SkatingSports',
  strength: 'FunctionalStrengthTraining TraditionalStrengthTraining CoreTraining',
  interval_training: 'HighIntensityIntervalTraining CrossTraining',
  yoga: 'Yoga',
  pilates: 'Pilates',
  elliptical: 'Elliptical',
  stairs: 'StairClimbing Stairs StepTraining',
  climb: 'Climbing',
  dance: 'Dance DanceInspiredTraining CardioDance SocialDance Barre',
  racket_sport: 'Badminton Pickleball Racquetball Squash TableTennis Tennis',
  team_sport:
    'AmericanFootball AustralianFootball Baseball Basketball Cricket Handball Hockey Lacrosse Rugby Soccer Softball Volleyball WaterPolo Curling DiscSports',
  golf: 'Golf',
  water_sport: 'Sailing SurfingSports WaterSports WaterFitness UnderwaterDiving',
  wheelchair: 'WheelchairRunPace WheelchairWalkPace HandCycling',
  multisport: 'SwimBikeRun',
  transition: 'Transition',
  mindfulness: 'MindAndBody',
  martial_art: 'MartialArts Boxing Kickboxing Wrestling TaiChi Fencing',
  workout:
    'MixedCardio MixedMetabolicCardioTraining PreparationAndRecovery Cooldown Flexibility Gymnastics JumpRope FitnessGaming Play EquestrianSports Archery Bowling Fishing Hunting',
}

// Case, spaces and underscores differ between the forms: `HKWorkoutActivityTypeTableTennis`, `table_tennis`, `Table Tennis`.
const plain = (name: string) =>
  name
    .replace(/^HKWorkoutActivityType/i, '')
    .replace(/[\s_()-]/g, '')
    .toLowerCase()

const BY_TYPE: ReadonlyMap<string, string> = new Map([
  ...Object.entries(SPORTS).flatMap(([sport, types]) => types.split(' ').map((type) => [plain(type), sport] as const)),
  // As people's phones and the SDKs say it.
  ['outdoorwalk', 'walk'],
  ['indoorwalk', 'walk'],
  ['outdoorrun', 'run'],
  ['indoorrun', 'run'],
  ['outdoorcycle', 'ride'],
  ['outdoorcycling', 'ride'],
  ['indoorcycle', 'indoor_ride'],
  ['indoorcycling', 'indoor_ride'],
  ['poolswim', 'swim'],
  ['openwaterswim', 'swim'],
  ['biking', 'ride'],
  ['hiit', 'interval_training'],
  ['strengthtraining', 'strength'],
])

export function canonicalSport(sourceSport: string, indoor: boolean): string {
  const sport = BY_TYPE.get(plain(sourceSport)) ?? 'other'
  return sport === 'ride' && indoor ? 'indoor_ride' : sport
}
