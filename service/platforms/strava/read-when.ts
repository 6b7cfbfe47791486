import type { ActivityRecord } from '../records.ts'
import { isStartTimeHidden } from './hidden-start.ts'
import type { StravaActivity } from './schemas.ts'

type When = Pick<
  ActivityRecord,
  'localDay' | 'startedAt' | 'endedAt' | 'startOffsetSeconds' | 'timeZone' | 'startTimeHidden'
>
type Dates = Pick<StravaActivity, 'start_date' | 'start_date_local' | 'utc_offset' | 'timezone' | 'elapsed_time'>

const LARGEST_OFFSET_S = 18 * 60 * 60

/** When an activity was, in universal and in local terms. */
export function readWhen(activity: Dates): When {
  const startTimeHidden = isStartTimeHidden(activity)
  const startedAt = new Date(activity.start_date)
  const startOffsetSeconds = readOffset(activity, startTimeHidden)
  const elapsed = activity.elapsed_time ?? undefined
  return {
    localDay: readLocalDay(activity, startOffsetSeconds),
    startedAt: startTimeHidden ? null : startedAt,
    endedAt: startTimeHidden || elapsed === undefined ? null : new Date(startedAt.getTime() + elapsed * 1000),
    startOffsetSeconds,
    timeZone: readTimeZone(activity.timezone),
    startTimeHidden,
  }
}

/** `utc_offset` knows daylight saving, the offset written into `timezone` doesn't. Hidden times differ by nothing true. */
function readOffset(
  { utc_offset: offset, start_date, start_date_local: local }: Dates,
  hidden: boolean,
): number | null {
  if (offset != null) return Math.round(offset)
  if (hidden || local == null) return null
  const difference = Math.round((wallClockMs(local) - Date.parse(start_date)) / 1000)
  return Math.abs(difference) <= LARGEST_OFFSET_S ? difference : null
}

/** The wall time's own date; without one, that of the start moved by the offset. */
function readLocalDay({ start_date, start_date_local: local }: Dates, offsetSeconds: number | null): string {
  if (local != null) return local.slice(0, 10)
  return new Date(Date.parse(start_date) + (offsetSeconds ?? 0) * 1000).toISOString().slice(0, 10)
}

/** A wall time on the scale of universal time, good only for differences: its `Z` is false. */
function wallClockMs(local: string): number {
  return Date.parse(`${local.slice(0, 19)}Z`)
}

/** `(GMT-08:00) America/Los_Angeles` without the prefix. */
function readTimeZone(timezone: string | null | undefined): string | null {
  const name = timezone?.replace(/^\(GMT[^)]*\)\s*/, '') ?? ''
  return /^[A-Za-z][\w+-]*(\/[\w+-]+)*$/.test(name) ? name : null
}
