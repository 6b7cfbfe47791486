/** What the simulator's control interface serves: Strava's own shape, only what is summed. */
export interface ServedActivity {
  readonly id: number
  readonly sport_type: string
  readonly start_date_local: string
  readonly distance: number
  readonly moving_time: number
  readonly total_elevation_gain: number
}

export interface Totals {
  count: number
  distance_m: number
  moving_time_s: number
}

/**
 * Sums by any key, straight from what was served. Distances are added as tenths of a millimetre: whole numbers add exactly, whatever
 * the order.
 */
export function sumBy(
  activities: readonly ServedActivity[],
  keyOf: (activity: ServedActivity) => string,
): Record<string, Totals> {
  const sums: Record<string, Totals> = {}
  for (const activity of activities) {
    const sum = (sums[keyOf(activity)] ??= { count: 0, distance_m: 0, moving_time_s: 0 })
    sum.count += 1
    sum.distance_m += Math.round(activity.distance * 10_000)
    sum.moving_time_s += activity.moving_time
  }
  for (const sum of Object.values(sums)) sum.distance_m /= 10_000
  return sums
}

/** The day as the person's clock showed it: the `Z` behind Strava's local times is false. */
export const localDayOf = ({ start_date_local: local }: ServedActivity): string => local.slice(0, 10)
export const sportOf = ({ sport_type: sport }: ServedActivity): string => sport
