import type { RecordIdentity } from '../contract.ts'

const LATEST_S = 4_102_444_800 // 2100
const TIMES = ['startTimeInSeconds', 'measurementTimeInSeconds'] as const
const DATES = ['calendarDate', 'periodStartDate'] as const

/**
 * Which record an item is. Garmin sends a day again as it grows, under another summaryId, so a record is what starts when it does, and of
 * epochs, of which there is one for each activity, what is done; activities have an id of their own.
 */
export const garminRecordOf: RecordIdentity = (dataType, item) => {
  if (typeof item !== 'object' || item === null) return undefined
  const fields = item as Readonly<Record<string, unknown>>
  const at = timeOf(fields) ?? timeOf(fields['summary'])
  const id = textOf(fields['activityId'])
  if (id !== undefined) return { record: id, at }
  if (at === undefined) return undefined
  const kind = dataType === 'epochs' ? `:${textOf(fields['activityType']) ?? ''}` : ''
  return { record: `${at.getTime() / 1000}${kind}`, at }
}

function timeOf(value: unknown): Date | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const fields = value as Readonly<Record<string, unknown>>
  const seconds = TIMES.map((name) => fields[name]).find((time) => typeof time === 'number')
  if (seconds !== undefined && seconds > 0 && seconds < LATEST_S) return new Date(Math.floor(seconds) * 1000)
  const date = DATES.map((name) => fields[name]).find((day) => typeof day === 'string' && /^\d{4}-\d\d-\d\d$/.test(day))
  // A day without a time lies where its noon does.
  const noon = new Date(`${String(date)}T12:00:00Z`)
  return Number.isNaN(noon.getTime()) ? undefined : noon
}

function textOf(value: unknown): string | undefined {
  const isId = typeof value === 'bigint' || typeof value === 'number' || typeof value === 'string'
  return isId && /^[\w-]{1,100}$/.test(String(value)) ? String(value) : undefined
}
