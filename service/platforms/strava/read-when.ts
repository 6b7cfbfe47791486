import type { ActivityRecord } from '../records.ts'
import { isStartTimeHidden } from './hidden-start.ts'
import type { StravaActivity } from './schemas.ts'

export type When = Pick<
  ActivityRecord,
  'localDay' | 'startedAt' | 'endedAt' | 'startOffsetSeconds' | 'timeZone' | 'startTimeHidden'
>
type Dates = Pick<StravaActivity, 'start_date' | 'start_date_local' | 'utc_offset' | 'timezone' | 'elapsed_time'>

const LARGEST_OFFSET_S = 18 * 60 * 60

/** When an activity was, in universal and in local terms; undefined when not even its day is known. */
export function readWhen(activity: Dates): When | undefined {
  const { start_date: start, start_date_local: local } = activity
  const startTimeHidden = start != null && isStartTimeHidden({ start_date: start, start_date_local: local })
  const startOffsetSeconds = readOffset(activity, startTimeHidden)
  const localDay = readLocalDay(activity, startOffsetSeconds)
  if (localDay === undefined) return undefined
  const startedAt = startTimeHidden ? null : readStart(activity, startOffsetSeconds)
  const elapsed = activity.elapsed_time ?? undefined
  return {
    localDay,
    startedAt,
    endedAt: startedAt === null || elapsed === undefined ? null : new Date(startedAt.getTime() + elapsed * 1000),
    startOffsetSeconds,
    timeZone: readTimeZone(activity.timezone),
    startTimeHidden,
  }
}

/** The instant, else the wall time less the offset; null when only a wall time is known. */
function readStart({ start_date: start, start_date_local: local }: Dates, offsetSeconds: number | null): Date | null {
  if (start != null) return new Date(start)
  const clockMs = local == null || offsetSeconds === null ? Number.NaN : wallClockMs(local)
  return Number.isNaN(clockMs) ? null : new Date(clockMs - (offsetSeconds ?? 0) * 1000)
}

/** `utc_offset` knows daylight saving, the offset written into `timezone` doesn't. Hidden times differ by nothing true. */
function readOffset(
  { utc_offset: offset, start_date: start, start_date_local: local }: Dates,
  hidden: boolean,
): number | null {
  if (offset != null) return Math.round(offset)
  if (hidden || local == null || start == null) return null
  const difference = Math.round((wallClockMs(local) - Date.parse(start)) / 1000)
  return Math.abs(difference) <= LARGEST_OFFSET_S ? difference : null
}

/** The wall time's own date; without one, that of the start moved by the offset. */
function readLocalDay(
  { start_date: start, start_date_local: local }: Dates,
  offsetSeconds: number | null,
): string | undefined {
  if (local != null) return local.slice(0, 10)
  if (start == null) return undefined
  return new Date(Date.parse(start) + (offsetSeconds ?? 0) * 1000).toISOString().slice(0, 10)
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
