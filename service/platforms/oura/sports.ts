/** Matched against the lower-case word of Oura, in this order; what nobody has heard of is `other`. */
const FAMILIES: readonly (readonly [sport: string, words: RegExp])[] = [
  ['wheelchair', /wheelchair/],
  ['trail_run', /trail.?run/],
  ['run', /run|jog/],
  ['walk', /walk/],
  ['hike', /hik/],
  ['indoor_ride', /(indoor|stationary).?cycl|spinning/],
  ['mountain_bike_ride', /mountain.?bik/],
  ['e_bike_ride', /e.?bik|electric.?bik/],
  ['ride', /cycl|bik/],
  ['swim', /swim/],
  ['row', /row/],
  ['paddle', /kayak|canoe|paddl/],
  ['snowshoe', /snow.?shoe/],
  ['snowboard', /snowboard/],
  ['ski', /ski(?!p)/],
  ['skate', /skat/],
  ['interval_training', /hiit|interval|jump.?rop|jumping/],
  ['strength', /strength|weight|cross.?fit/],
  ['yoga', /yoga/],
  ['pilates', /pilates/],
  ['elliptical', /elliptical/],
  ['stairs', /stair/],
  ['climb', /climb|boulder/],
  ['dance', /danc/],
  ['racket_sport', /tennis|badminton|squash|racquet|padel|pickleball/],
  ['team_sport', /soccer|football|basketball|volleyball|hockey|handball|rugby|baseball|cricket|lacrosse/],
  ['golf', /golf/],
  ['water_sport', /surf|sail|diving|water/],
  ['martial_art', /box|martial|karate|judo/],
  ['workout', /training|gym|cardio|core|fitness|workout|stretch/],
]

export function canonicalSport(activity: string): string {
  const word = activity.toLowerCase()
  return FAMILIES.find(([, words]) => words.test(word))?.[0] ?? 'other'
}
