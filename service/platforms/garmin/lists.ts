export interface GarminList {
  /** The name of the list in a delivery: also the kind of payload it is stored as. */
  readonly list: string
  /** Other spellings that deliveries and addresses use for it. */
  readonly aliases?: readonly string[]
  /** Last part of the backfill address; absent: it cannot be asked for. */
  readonly backfill?: string
  readonly permission: 'ACTIVITY_EXPORT' | 'HEALTH_EXPORT' | 'MCT_EXPORT'
}

const HEALTH = 'HEALTH_EXPORT'
const ACTIVITY = 'ACTIVITY_EXPORT'

/** Every kind of data there is, in the order in which history is asked for; see README.md for the sources. */
export const LISTS: readonly GarminList[] = [
  { list: 'dailies', backfill: 'dailies', permission: HEALTH },
  { list: 'sleeps', backfill: 'sleeps', permission: HEALTH },
  { list: 'activities', backfill: 'activities', permission: ACTIVITY },
  { list: 'epochs', backfill: 'epochs', permission: HEALTH },
  { list: 'stressDetails', backfill: 'stressDetails', permission: HEALTH },
  { list: 'hrv', aliases: ['hrvSummaries'], backfill: 'hrv', permission: HEALTH },
  { list: 'allDayRespiration', aliases: ['respiration', 'respirations'], backfill: 'respiration', permission: HEALTH },
  { list: 'pulseox', aliases: ['pulseOx', 'pulseOX'], backfill: 'pulseOx', permission: HEALTH },
  { list: 'bodyComps', backfill: 'bodyComps', permission: HEALTH },
  { list: 'userMetrics', backfill: 'userMetrics', permission: HEALTH },
  { list: 'skinTemp', aliases: ['skinTemps'], backfill: 'skinTemp', permission: HEALTH },
  { list: 'healthSnapshot', aliases: ['healthSnapshots'], backfill: 'healthSnapshot', permission: HEALTH },
  { list: 'bloodPressures', aliases: ['bloodPressure'], backfill: 'bloodPressures', permission: HEALTH },
  { list: 'activityDetails', backfill: 'activityDetails', permission: ACTIVITY },
  { list: 'moveIQActivities', aliases: ['moveiq', 'moveIQ'], backfill: 'moveiq', permission: ACTIVITY },
  { list: 'mct', aliases: ['menstrualCycleTracking'], backfill: 'mct', permission: 'MCT_EXPORT' },
  { list: 'manuallyUpdatedActivities', permission: ACTIVITY },
  { list: 'activityFiles', aliases: ['activityFile', 'file'], permission: ACTIVITY },
]

const BY_NAME = new Map(LISTS.flatMap(({ list, aliases = [] }) => [list, ...aliases].map((name) => [name, list])))

/** Undefined for a list that this version does not know. */
export function findList(name: string): string | undefined {
  return BY_NAME.get(name)
}
