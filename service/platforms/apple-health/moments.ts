/** An instant, and how far the person's clock was from UTC; null when the text does not tell. */
export interface Moment {
  readonly at: Date
  readonly offsetSeconds: number | null
}

/** `2024-02-06 14:30:00 -0800`, `2016-06-29T17:55:00.000-0400`, `2024-02-06 3:04:05 PM -0700` (U+202F before PM), `2022-05-28T23:56:11Z`. */
const PATTERN =
  /^(\d{4})-(\d{2})-(\d{2})[T ](\d{1,2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))?(?:[ \u00a0\u202f]?([AaPp])\.?[Mm]\.?)?[ \u00a0\u202f]?(Z|[+-]\d{2}:?\d{2})?$/

/**
 * Reads a time by its pattern, never by guessing. Z says the instant and not where the person was, so the offset stays unknown. Without any
 * offset there is no instant, unless `timeZone` tells where the clock stood. Undefined: not a time.
 */
export function parseMoment(text: unknown, timeZone: string | null = null): Moment | undefined {
  if (typeof text !== 'string' || text.length > 64) return undefined
  if (text.length === EXPORT_LENGTH) return readExportTime(text) ?? parseByPattern(text, timeZone)
  return parseByPattern(text, timeZone)
}

function parseByPattern(text: string, timeZone: string | null): Moment | undefined {
  const match = PATTERN.exec(text)
  if (match === null) return undefined
  const clockMs = readClock(match)
  if (clockMs === undefined) return undefined
  const zone = match[9]
  if (zone === undefined) return timeZone === null ? undefined : atWallClock(clockMs, timeZone)
  if (zone === 'Z') return { at: new Date(clockMs), offsetSeconds: null }
  const offsetSeconds = readOffset(zone)
  return offsetSeconds === undefined ? undefined : { at: new Date(clockMs - offsetSeconds * 1000), offsetSeconds }
}

/** `2024-02-06 14:30:00 -0800`: an export has several in each of its millions of records, and a pattern takes four times as long. */
const EXPORT_LENGTH = 25

function readExportTime(text: string): Moment | undefined {
  const ms = readExportInstant(text)
  return ms === undefined ? undefined : { at: new Date(ms), offsetSeconds: offsetAtEnd(text) }
}

/** The instant of a time as an export writes it, in milliseconds; undefined where only the exact way can tell. */
export function readExportInstant(text: string): number | undefined {
  const year = digits(text, 0, 4)
  const month = digits(text, 5, 2)
  const day = digits(text, 8, 2)
  const hour = digits(text, 11, 2)
  const minute = digits(text, 14, 2)
  const second = digits(text, 17, 2)
  const sign = text.charCodeAt(20)
  const isShaped =
    text.length === EXPORT_LENGTH &&
    text.charCodeAt(4) === 45 &&
    text.charCodeAt(7) === 45 &&
    text.charCodeAt(10) === 32 &&
    text.charCodeAt(13) === 58 &&
    text.charCodeAt(16) === 58 &&
    text.charCodeAt(19) === 32 &&
    (sign === 43 || sign === 45)
  // NaN is in no range. Days after the 28th are left to the exact way.
  const isInRange =
    year >= 1900 && year < 2200 && month >= 1 && month <= 12 && day >= 1 && day <= 28 && hour < 24 && minute < 60
  if (!isShaped || !isInRange || !(second < 60) || !(digits(text, 21, 2) <= 18) || !(digits(text, 23, 2) < 60))
    return undefined
  return Date.UTC(year, month - 1, day, hour, minute, second) - offsetAtEnd(text) * 1000
}

function offsetAtEnd(text: string): number {
  const seconds = (digits(text, 21, 2) * 60 + digits(text, 23, 2)) * 60
  return text.charCodeAt(20) === 45 ? -seconds : seconds
}

function digits(text: string, from: number, count: number): number {
  let value = 0
  for (let at = from; at < from + count; at += 1) {
    const digit = text.charCodeAt(at) - 48
    if (digit < 0 || digit > 9) return Number.NaN
    value = value * 10 + digit
  }
  return value
}

/** The clock's time as if it were UTC; the 30th of February and 25 o'clock are none. */
function readClock(match: RegExpExecArray): number | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number)
  const half = match[8]?.toLowerCase()
  if (half !== undefined && (hour < 1 || hour > 12)) return undefined
  const hour24 = half === undefined ? hour : (hour % 12) + (half === 'p' ? 12 : 0)
  const milliseconds = Number((match[7] ?? '0').padEnd(3, '0').slice(0, 3))
  const ms = Date.UTC(year, month - 1, day, hour24, minute, second, milliseconds)
  const isExact = new Date(ms).getUTCDate() === day && month >= 1 && month <= 12
  return isExact && hour24 < 24 && minute < 60 && second < 60 && year >= 1900 && year < 2200 ? ms : undefined
}

function readOffset(text: string): number | undefined {
  const [hours, minutes] = [Number(text.slice(1, 3)), Number(text.slice(-2))]
  const seconds = (hours * 60 + minutes) * 60
  return hours > 18 || minutes > 59 ? undefined : text.startsWith('-') ? -seconds : seconds
}

const formats = new Map<string, Intl.DateTimeFormat | undefined>()

/** Seconds from UTC in an IANA zone at an instant; undefined when there is no such zone. */
export function offsetIn(timeZone: string, at: Date): number | undefined {
  const format = formatOf(timeZone)
  if (format === undefined || Number.isNaN(at.getTime())) return undefined
  const name = format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const [, sign, hours, minutes = '0', seconds = '0'] = /^GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/.exec(name) ?? []
  if (sign === undefined) return name === 'GMT' ? 0 : undefined
  const total = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  return sign === '-' ? -total : total
}

// Making one costs a hundred times what using it does. There are some 600 zones; names that are none are not kept without end.
function formatOf(timeZone: string): Intl.DateTimeFormat | undefined {
  if (formats.has(timeZone)) return formats.get(timeZone)
  let format: Intl.DateTimeFormat | undefined
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
  } catch {
    format = undefined
  }
  if (formats.size < 1000) formats.set(timeZone, format)
  return format
}

function atWallClock(clockMs: number, timeZone: string): Moment | undefined {
  const guess = offsetIn(timeZone, new Date(clockMs))
  if (guess === undefined) return undefined
  // The guess may lie on the other side of a change of the clock; the second look is from the right side.
  const offsetSeconds = offsetIn(timeZone, new Date(clockMs - guess * 1000)) ?? guess
  return { at: new Date(clockMs - offsetSeconds * 1000), offsetSeconds }
}

/** The same instant where the person was, when the record names the zone: an export's offsets are those of the device that exported. */
export function inZone(moment: Moment, timeZone: string | null): Moment {
  const offsetSeconds = timeZone === null ? undefined : offsetIn(timeZone, moment.at)
  return offsetSeconds === undefined ? moment : { at: moment.at, offsetSeconds }
}

/** YYYY-MM-DD on the clock of the moment; on that of UTC when its offset is unknown. */
export function localDayOf({ at, offsetSeconds }: Moment): string {
  return new Date(at.getTime() + (offsetSeconds ?? 0) * 1000).toISOString().slice(0, 10)
}
