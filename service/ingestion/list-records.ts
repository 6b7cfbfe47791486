import type { Normalize } from '../platforms/contract.ts'
import { parseJson } from '../runtime/json.ts'

type Records = ReturnType<Normalize>
type RecordOf<Kind extends 'activities' | 'sleepSessions' | 'dailyMetrics'> = NonNullable<Records[Kind]>[number]

/** As the tables have it; what a list does not tell is null. */
export interface ListedActivity {
  readonly source_id: string
  readonly name: string | null
  readonly source_sport: string
  readonly started_at: string | null
  readonly distance_m: number | null
  readonly moving_time_s: number | null
  readonly elapsed_time_s: number | null
}

export interface ListedSleep {
  readonly source_id: string
  readonly started_at: string
  readonly ended_at: string
  readonly asleep_s: number | null
  readonly in_bed_s: number | null
  readonly awake_s: number | null
  readonly light_s: number | null
  readonly deep_s: number | null
  readonly rem_s: number | null
}

export interface ListedDay {
  readonly day: string
  readonly kind: string
  readonly value: number
}

/** What of a page has an identity that both sides share; absent: the page is of another kind. */
export interface ListedPage {
  readonly activities?: readonly ListedActivity[]
  readonly sleep?: { readonly sessions: readonly ListedSleep[]; readonly deletedIds: readonly string[] }
  readonly days?: readonly ListedDay[]
}

/** A page of the platform's list as it would be stored; undefined where nothing of it can be compared. Pure. */
export function listRecords(normalize: Normalize | undefined, text: string): ListedPage | undefined {
  if (normalize === undefined) return undefined
  const { activities, sleepSessions, deletedSleepSessions = [], dailyMetrics } = normalize(parseJson(text), {})
  // A part of a night is joined with what else is known of it: its id is not the platform's.
  const whole = sleepSessions?.every(({ parts }) => parts === undefined) === true
  const page = {
    ...(activities && { activities: activities.map(listActivity) }),
    ...(whole && { sleep: { sessions: sleepSessions?.map(listSleep) ?? [], deletedIds: deletedSleepSessions } }),
    ...(dailyMetrics && { days: dailyMetrics.map(listDay) }),
  }
  return Object.keys(page).length === 0 ? undefined : page
}

const listActivity = (activity: RecordOf<'activities'>): ListedActivity => ({
  source_id: activity.sourceId,
  name: activity.name,
  source_sport: activity.sourceSport,
  started_at: activity.startedAt?.toISOString() ?? null,
  distance_m: activity.distanceM,
  moving_time_s: activity.movingTimeS,
  elapsed_time_s: activity.elapsedTimeS,
})

const listSleep = (sleep: RecordOf<'sleepSessions'>): ListedSleep => ({
  source_id: sleep.sourceId,
  started_at: sleep.startedAt.toISOString(),
  ended_at: sleep.endedAt.toISOString(),
  asleep_s: sleep.asleepS,
  in_bed_s: sleep.inBedS,
  awake_s: sleep.awakeS,
  light_s: sleep.lightS,
  deep_s: sleep.deepS,
  rem_s: sleep.remS,
})

const listDay = ({ localDay, kind, value }: RecordOf<'dailyMetrics'>): ListedDay => ({ day: localDay, kind, value })
