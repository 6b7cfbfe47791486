import { z } from 'zod'
import { AppError } from '../../runtime/errors.ts'
import type { ActivityRecord, Records, RejectedRecord } from '../records.ts'
import { readLaps } from './normalize-activity-laps.ts'
import { readFields } from './read-fields.ts'
import { readWhen, type When } from './read-when.ts'
import { ActivityDeletion, StravaActivity } from './schemas.ts'
import { canonicalSport } from './sports.ts'

const WithLaps = z.object({ laps: z.array(z.unknown()).min(1) })

const NOTHING: Records = { activities: [], deletedActivities: [], activityStreams: [], rejected: [] }

/** A page of the history: summaries. Throws platform/unexpected_payload when it is not a list. */
export function normalizeActivityList(payload: unknown): Records {
  if (!Array.isArray(payload))
    throw new AppError('platform/unexpected_payload', { data_type: 'activity_list', problem: 'not_a_list' })
  return readActivities(payload, { detailed: false })
}

/** One activity with its details and laps; a rejected lap's position is 1 for the first, and so on. */
export function normalizeActivity(payload: unknown): Records {
  const records = readActivities([payload], { detailed: true })
  const [activity] = records.activities ?? []
  const { data } = WithLaps.safeParse(payload)
  if (activity === undefined || data === undefined) return records
  const { activityLaps, rejected } = readLaps(data.laps, activity.sourceId, 1)
  return { ...records, activityLaps, rejected: [...records.rejected, ...rejected] }
}

/** Our own note that Strava answered 404 for an activity. */
export function normalizeActivityDeletion(payload: unknown): Records {
  const { data, error } = ActivityDeletion.safeParse(payload)
  if (data === undefined) return { ...NOTHING, rejected: [{ position: 0, reason: describe(error) }] }
  return { ...NOTHING, deletedActivities: [data.id] }
}

function readActivities(items: readonly unknown[], { detailed }: { detailed: boolean }): Records {
  const activities: ActivityRecord[] = []
  const rejected: RejectedRecord[] = []
  for (const [position, item] of items.entries()) {
    const { activity, problems } = readActivity(item, detailed)
    if (activity !== undefined) activities.push(activity)
    if (problems.length > 0)
      rejected.push({ position, reason: problems.join('; '), ...(activity !== undefined && { items: 0 }) })
  }
  return { ...NOTHING, activities, rejected }
}

interface ReadActivity {
  readonly activity?: ActivityRecord
  /** Without an activity: why it is refused; with one: what was left out of it. */
  readonly problems: readonly string[]
}

/** Of an activity only the id, its sport and its day are needed. */
function readActivity(item: unknown, detailed: boolean): ReadActivity {
  const read = readFields(StravaActivity, item, { needed: ['id'], whole: 'record' })
  if (typeof read === 'string') return { problems: [read] }
  const { data, problems } = read
  const lacking = (field: string) => ({
    problems: problems.some((problem) => problem.startsWith(`${field}:`))
      ? problems
      : [...problems, `${field}: missing`],
  })
  const sourceSport = data.sport_type ?? data.type
  if (sourceSport == null) return lacking('sport_type')
  const when = readWhen(data)
  if (when === undefined) return lacking('start_date')
  const activity = toRecord({ ...data, sourceSport, when }, detailed)
  // What cannot be read must not make visible what may be private.
  const unsure = problems.some((problem) => /^(private|visibility):/.test(problem))
  return { activity: unsure ? { ...activity, private: true } : activity, problems }
}

/** Field and kind of problem; never a value. */
function describe(error: z.ZodError): string {
  const [issue] = error.issues
  return `${issue?.path[0]?.toString() ?? 'record'}: ${issue?.code ?? 'unreadable'}`
}

type Readable = StravaActivity & { readonly sourceSport: string; readonly when: When }

function toRecord(activity: Readable, detailed: boolean): ActivityRecord {
  const { id, sourceSport, when } = activity
  const trainer = activity.trainer === true
  return {
    sourceId: id,
    sport: canonicalSport(sourceSport, trainer),
    sourceSport,
    name: activity.name ?? null,
    ...when,
    ...readMeasures(activity),
    energyKcal: detailed ? (activity.calories ?? null) : null,
    manual: isManual(activity),
    indoor: trainer || sourceSport.startsWith('Virtual'),
    hasRoute: hasRoute(activity),
    private: activity.private === true || activity.visibility === 'only_me',
    deviceName: activity.device_name ?? null,
    sourceUrl: `https://www.strava.com/activities/${id}`,
    detailed,
  }
}

function readMeasures(activity: StravaActivity) {
  return {
    distanceM: activity.distance ?? null,
    movingTimeS: activity.moving_time ?? null,
    elapsedTimeS: activity.elapsed_time ?? null,
    elevationGainM: activity.total_elevation_gain ?? null,
    meanSpeedMPerS: activity.average_speed ?? null,
    maxSpeedMPerS: activity.max_speed ?? null,
    heartRateMeanBpm: activity.average_heartrate ?? null,
    heartRateMaxBpm: activity.max_heartrate ?? null,
    cadenceMeanRpm: activity.average_cadence ?? null,
    powerMeanW: activity.average_watts ?? null,
  }
}

/** What is typed in has neither an upload nor a file; an absent key says nothing. */
function isManual({ manual, upload_id: uploadId, external_id: externalId }: StravaActivity): boolean {
  return manual ?? (uploadId === null && externalId === null)
}

/** The line tells: an entry by hand may have a position but no track, a privacy zone hides the start of one. `[]` is no position. */
function hasRoute({ start_latlng: start, map }: StravaActivity): boolean {
  if (map == null) return start != null && start.length > 0
  return [map.polyline, map.summary_polyline].some((line) => line != null && line !== '')
}
