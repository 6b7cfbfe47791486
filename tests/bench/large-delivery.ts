/** A body as Garmin pushes it, of about this size, made piece by piece: nobody holds it whole. */
export interface LargeDelivery {
  readonly userId: string
  readonly megabytes: number
  /** How long the longest recording is: one sample a second makes one item of some 300 bytes for each. */
  readonly longestHours: number
  /** Seconds since 1970, UTC: the first recording begins here, and each a day after the one before. */
  readonly firstS: number
}

export interface Delivered {
  readonly bytes: number
  readonly activities: number
  /** Values of all series. */
  readonly points: number
  readonly days: number
  /** Heart rates of the days. */
  readonly samples: number
}

const DAY_S = 86_400
const HEART_RATES_PER_DAY = 5_760
/** Of ten pieces, one is a day with its heart rates and nine are recordings. */
const PIECES = 10
const KINDS_PER_SECOND = 7

export function createLargeDelivery(delivery: LargeDelivery) {
  const told = nothing()
  return { pieces: measured(writeDelivery(delivery, told), told), told: told as Delivered }
}

/** What a list holds: days with their heart rates, recordings of an hour, or a single recording. */
export type ListOf = 'days' | 'hours' | 'one'

/** What waits where a ping of Garmin's says: a list, and what the ping calls it. */
export function createLargeList(delivery: Omit<LargeDelivery, 'longestHours'> & { readonly of: ListOf }) {
  const told = nothing()
  const name = delivery.of === 'days' ? 'dailies' : 'activityDetails'
  return { name, pieces: measured(writeList(delivery, told), told), told: told as Delivered }
}

type Told = { -readonly [Name in keyof Delivered]: Delivered[Name] }
type Items = Omit<LargeDelivery, 'longestHours'>

const nothing = (): Told => ({ bytes: 0, activities: 0, points: 0, days: 0, samples: 0 })

function* measured(texts: Iterable<string>, told: Told): Generator<Buffer> {
  for (const text of texts) {
    const bytes = Buffer.from(text)
    told.bytes += bytes.length
    yield bytes
  }
}

function* writeDelivery({ megabytes, longestHours, ...delivery }: LargeDelivery, told: Told): Generator<string> {
  yield '{"dailies":['
  yield* days({ ...delivery, megabytes: megabytes / PIECES }, told)
  yield '],"activityDetails":['
  yield* recordings({ ...delivery, megabytes }, told, longestHours * 3600)
  yield ']}'
}

function* writeList({ of, ...items }: Items & { readonly of: ListOf }, told: Told): Generator<string> {
  const minute = 60 * second(items.firstS, 3600).length
  const longestS = of === 'one' ? Math.ceil((items.megabytes * 1e6) / minute) * 60 : 3600
  yield '['
  yield* of === 'days' ? days(items, told) : recordings(items, told, longestS)
  yield ']'
}

function* days({ userId, megabytes, firstS }: Items, told: Told): Generator<string> {
  for (; told.bytes < megabytes * 1e6; told.days += 1)
    yield `${told.days === 0 ? '' : ','}${daily(userId, firstS + told.days * DAY_S)}`
  told.samples = told.days * HEART_RATES_PER_DAY
}

/** The longest comes first; the others are of one hour. */
function* recordings({ userId, megabytes, firstS }: Items, told: Told, longestS: number): Generator<string> {
  for (; told.bytes < megabytes * 1e6; told.activities += 1) {
    const seconds = told.activities === 0 ? longestS : 3600
    if (told.activities > 0) yield ','
    yield* details({ userId, startS: firstS + told.activities * DAY_S, seconds })
    told.points += seconds * KINDS_PER_SECOND
  }
}

function daily(userId: string, startS: number): string {
  const rates = Array.from(
    { length: HEART_RATES_PER_DAY },
    (_, index) => `"${index * 15}":${50 + noise(startS + index, 90)}`,
  )
  return `{"userId":"${userId}","summaryId":"large-d-${startS}","calendarDate":"${dateAt(startS)}","startTimeInSeconds":${startS},"startTimeOffsetInSeconds":0,"durationInSeconds":${DAY_S},"steps":9000,"timeOffsetHeartRateSamples":{${rates.join(',')}}}`
}

interface Recording {
  readonly userId: string
  readonly startS: number
  readonly seconds: number
}

function* details({ userId, startS, seconds }: Recording): Generator<string> {
  const id = 9_000_000_000 + startS
  yield `{"userId":"${userId}","summaryId":"${id}-detail","activityId":${id},"summary":{"activityType":"RUNNING","activityName":"Long run","startTimeInSeconds":${startS},"startTimeOffsetInSeconds":0,"durationInSeconds":${seconds},"distanceInMeters":${seconds * 3}},"samples":[`
  for (let at = 0; at < seconds; at += 60)
    yield `${at === 0 ? '' : ','}${Array.from({ length: 60 }, (_, index) => second(startS, at + index)).join(',')}`
  yield `],"laps":[{"startTimeInSeconds":${startS}}]}`
}

function second(startS: number, at: number): string {
  return `{"startTimeInSeconds":${startS + at},"latitudeInDegree":${(52 + at / 1e5 + noise(at, 9) / 1e6).toFixed(6)},"longitudeInDegree":${(13 + at / 1e5).toFixed(6)},"elevationInMeters":${(30 + (at % 50) / 10).toFixed(1)},"airTemperatureCelcius":21.0,"heartRate":${110 + noise(startS + at, 60)},"speedMetersPerSecond":${(2.5 + noise(startS + 2 * at, 1000) / 1000).toFixed(3)},"stepsPerMinute":${160 + (at % 10)}.0,"powerInWatts":${200 + noise(startS + 3 * at, 80)}.0,"totalDistanceInMeters":${(at * 3).toFixed(2)},"timerDurationInSeconds":${at},"clockDurationInSeconds":${at},"movingDurationInSeconds":${at}}`
}

/** The same for the same number: what repeats itself would be packed better than what people do. */
function noise(number: number, below: number): number {
  return (Math.imul(number, 0x9e3779b1) >>> 8) % below
}

function dateAt(second_: number): string {
  return new Date(second_ * 1000).toISOString().slice(0, 10)
}
