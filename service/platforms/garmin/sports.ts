interface Family {
  readonly sport: string
  /** Matched against the upper-case type, in this order. */
  readonly words: RegExp
}

/** Garmin has some hundred types and adds more: families by their words, the special before the general. */
const FAMILIES: readonly Family[] = [
  { sport: 'workout', words: /^(MULTI_SPORT|.*TRANSITION.*)$/ },
  { sport: 'wheelchair', words: /WHEELCHAIR|HANDCYCLING/ },
  { sport: 'trail_run', words: /TRAIL_RUN|ULTRA_RUN/ },
  { sport: 'run', words: /RUN/ },
  { sport: 'e_bike_ride', words: /^E_(BIKE|ENDURO|MTB|MOUNTAIN)/ },
  { sport: 'indoor_ride', words: /INDOOR_CYCLING|VIRTUAL_RIDE/ },
  { sport: 'mountain_bike_ride', words: /MOUNTAIN_BIK|DOWNHILL_BIK|MTB/ },
  { sport: 'gravel_ride', words: /GRAVEL|CYCLOCROSS/ },
  { sport: 'ride', words: /CYCL|BIKING|BMX|RIDE/ },
  { sport: 'swim', words: /SWIM|SNORKEL/ },
  { sport: 'stairs', words: /STAIR|FLOOR_CLIMB/ },
  { sport: 'climb', words: /CLIMB|BOULDER|MOUNTAINEER/ },
  { sport: 'hike', words: /HIK|RUCK/ },
  { sport: 'snowshoe', words: /SNOW_?SHOE/ },
  { sport: 'snowboard', words: /SNOWBOARD/ },
  { sport: 'ski', words: /(?<!WATER_?)SKI(?!P)(?!NG_JUMP)/ },
  { sport: 'skate', words: /SKAT/ },
  { sport: 'walk', words: /WALK/ },
  { sport: 'paddle', words: /KAYAK|PADDLING|PADDLEBOARD|RAFTING|CANOE/ },
  { sport: 'row', words: /ROWING/ },
  { sport: 'water_sport', words: /SURF|SAIL|KITE|WAKEBOARD|BOATING|WATER|FISHING/ },
  { sport: 'racket_sport', words: /TENNIS|PICKLEBALL|PADDELBALL|PADEL|BADMINTON|SQUASH|RACQUET|RACKET/ },
  { sport: 'team_sport', words: /SOCCER|BALL|RUGBY|HOCKEY|LACROSSE|CRICKET|ULTIMATE|TEAM/ },
  { sport: 'golf', words: /GOLF/ },
  { sport: 'strength', words: /STRENGTH/ },
  { sport: 'interval_training', words: /HIIT|JUMP_ROPE/ },
  { sport: 'pilates', words: /PILATES/ },
  { sport: 'yoga', words: /YOGA/ },
  { sport: 'elliptical', words: /ELLIPTICAL/ },
  { sport: 'dance', words: /DANC/ },
  {
    sport: 'workout',
    words: /FITNESS|CARDIO|MOBILITY|MEDITATION|BREATH|BOXING|MARTIAL|PARA_SPORTS|WINTER_SPORTS|TRAINING|STOP_WATCH/,
  },
]

/** Case does not count: payloads have both. A type that nobody has heard of is `other`. */
export function canonicalSport(activityType: string): string {
  const type = activityType.toUpperCase()
  const sport = FAMILIES.find(({ words }) => words.test(type))?.sport ?? 'other'
  return sport === 'snowboard' || !/SNOWMOBIL/.test(type) ? sport : 'other'
}

export function isIndoor(activityType: string): boolean {
  return /INDOOR|TREADMILL|VIRTUAL|LAP_SWIM|ELLIPTICAL|STAIR|FLOOR_CLIMB/.test(activityType.toUpperCase())
}

export function isMultisport(activityType: string): boolean {
  return activityType.toUpperCase() === 'MULTI_SPORT'
}
