const HIDDEN_TIME = 'T00:00:01Z'

/**
 * Strava writes the same impossible time into both dates when a person hides when they started (changelog of 2024-07-03): one
 * second after midnight. Someone who really started then, in a zone without an offset, looks the same and counts as hidden.
 */
export function isStartTimeHidden(activity: {
  start_date: string
  start_date_local?: string | null | undefined
}): boolean {
  return activity.start_date.endsWith(HIDDEN_TIME) && activity.start_date_local?.endsWith(HIDDEN_TIME) === true
}
