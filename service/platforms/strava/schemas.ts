import { z } from 'zod'

const LARGEST_INTEGER = 2 ** 31 - 1
const LARGEST_OFFSET_S = 18 * 60 * 60

/** Exact text, whether the id fits a JavaScript number or not; Strava's ids are int64. */
export const SourceId = z
  .union([z.int(), z.bigint()])
  .refine((id) => id > 0 && BigInt(id) < 2n ** 63n)
  .transform(String)

const amount = z.number().nonnegative().nullish()
const wholeSeconds = z.number().nonnegative().max(LARGEST_INTEGER).transform(Math.round).nullish()
// Zero is how some devices say that they measured nothing.
const heartRate = amount.transform((value) => (value === 0 ? null : value))
const flag = z.boolean().nullish()
const polyline = z.string().nullish()
const LONGEST_NAME = 1000
/** As the database can hold it: neither NUL nor half of a surrogate pair. */
const text = z
  .string()
  .max(LONGEST_NAME)
  .transform((value) => value.toWellFormed().replaceAll('\0', '\ufffd'))

/** What is read of a SummaryActivity or DetailedActivity: nothing but the id is sure to be there. */
export const StravaActivity = z.object({
  id: SourceId,
  name: text.nullish(),
  sport_type: text.pipe(z.string().min(1)).nullish(),
  /** Deprecated, knows fewer sports. */
  type: text.pipe(z.string().min(1)).nullish(),
  start_date: z.iso.datetime({ offset: true }).refine(isPlausible).nullish(),
  /** Wall time with a false Z. */
  start_date_local: z.iso.datetime({ offset: true, local: true }).refine(isPlausible).nullish(),
  timezone: text.nullish(),
  utc_offset: z.number().min(-LARGEST_OFFSET_S).max(LARGEST_OFFSET_S).nullish(),
  distance: amount,
  moving_time: wholeSeconds,
  elapsed_time: wholeSeconds,
  total_elevation_gain: amount,
  average_speed: amount,
  max_speed: amount,
  average_heartrate: heartRate,
  max_heartrate: heartRate,
  average_cadence: amount,
  average_watts: amount,
  calories: amount,
  manual: flag,
  upload_id: z.unknown().optional(),
  external_id: z.unknown().optional(),
  trainer: flag,
  private: flag,
  visibility: z.string().nullish(),
  start_latlng: z.array(z.unknown()).nullish(),
  map: z.object({ polyline, summary_polyline: polyline }).nullish(),
  device_name: text.nullish(),
})
export type StravaActivity = z.infer<typeof StravaActivity>

/** A lap keeps tenths of a second: unlike an activity's, its durations are numbers here. */
export const StravaLap = z.object({
  lap_index: z.int().positive().max(LARGEST_INTEGER).nullish(),
  start_date: z.iso.datetime({ offset: true }).refine(isPlausible).nullish(),
  elapsed_time: amount,
  moving_time: amount,
  distance: amount,
  total_elevation_gain: amount,
  average_speed: amount,
  max_speed: amount,
  average_heartrate: heartRate,
  max_heartrate: heartRate,
  average_cadence: amount,
  average_watts: amount,
})
export type StravaLap = z.infer<typeof StravaLap>

export const ActivityDeletion = z.object({
  id: z
    .string()
    .regex(/^\d{1,19}$/)
    .or(SourceId),
})

/** A stream's values are checked by its reader: there can be a hundred thousand of them. Without `key_by_type` it is a list. */
export const ActivityStreams = z
  .array(z.object({ type: z.string(), data: z.unknown() }))
  .min(1)
  .transform((streams) => Object.fromEntries(streams.map(({ type, data }) => [type, { data }])))
  .or(z.record(z.string(), z.unknown()))
  .pipe(z.record(z.string(), z.object({ data: z.array(z.unknown()) }).catch({ data: [] })))

const scalar = z.union([z.string(), z.number(), z.bigint(), z.boolean(), z.null()])

/** What Strava posts when something changed. */
export const WebhookEvent = z.object({
  object_type: z.enum(['activity', 'athlete']),
  object_id: SourceId,
  aspect_type: z.enum(['create', 'update', 'delete']),
  updates: z
    .record(z.string(), scalar)
    .nullish()
    .transform((updates) => updates ?? {}),
  owner_id: SourceId,
  subscription_id: SourceId,
  event_time: z.int().nonnegative(),
})
export type WebhookEvent = z.infer<typeof WebhookEvent>

export const Subscription = z.object({ id: SourceId, callback_url: z.string().optional() })

// The database's dates end before JavaScript's do, and one impossible date must not hold up a page.
function isPlausible(dateTime: string): boolean {
  const year = Number(dateTime.slice(0, 4))
  return year >= 1900 && year <= 2200
}
