/** The operator's working days: where its clock is, and the holidays on which it does not work. */
export interface Calendar {
  /** IANA name, for example Europe/Dublin. */
  readonly timeZone: string
  /** Public holidays, `2026-12-25`; Saturdays and Sundays need not be among them. */
  readonly holidays: ReadonlySet<string>
}

/** Months to answer in: one, or three in all when the request was extended (GDPR, Article 12(3)). */
export type AllowedMonths = 1 | 3

const DAY_MS = 86_400_000

/**
 * The last day on which a request can be answered in time. It has the date of the day on which the request came, one or three months on;
 * where that month is too short, its last day; a Saturday, Sunday or holiday moves it to the next working day (Regulation 1182/71,
 * Article 3(2)(c) and (4); EDPB Guidelines 01/2022, 157–159). Three months count from the day of receipt, not from the first end.
 * Days are `2026-01-31`. Throws RangeError when `receivedDay` is no date.
 */
export function lastDayToAnswer(receivedDay: string, months: AllowedMonths, { holidays }: Calendar): string {
  let day = addMonths(readDay(receivedDay), months)
  while (isWeekend(day) || holidays.has(writeDay(day))) day += DAY_MS
  return writeDay(day)
}

/** Days are counted in UTC, where each has 24 hours: clocks that change move no date. */
function addMonths(day: number, months: number): number {
  const date = new Date(day)
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + months]
  const lastOfMonth = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
  return Date.UTC(year, month, Math.min(date.getUTCDate(), lastOfMonth))
}

function isWeekend(day: number): boolean {
  return [0, 6].includes(new Date(day).getUTCDay())
}

function readDay(text: string): number {
  const day = Date.parse(`${text}T00:00:00Z`)
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || Number.isNaN(day) || writeDay(day) !== text)
    throw new RangeError(`not a date: ${text}`)
  return day
}

function writeDay(day: number): string {
  return new Date(day).toISOString().slice(0, 10)
}
