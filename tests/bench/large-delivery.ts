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
  const told = { bytes: 0, activities: 0, points: 0, days: 0, samples: 0 }
  return { pieces: write(delivery, told), told: told as Delivered }
}

type Told = { -readonly [Name in keyof Delivered]: Delivered[Name] }

function* write({ userId, megabytes, longestHours, firstS }: LargeDelivery, told: Told): Generator<Buffer> {
  const piece = (text: string) => {
    const bytes = Buffer.from(text)
    told.bytes += bytes.length
    return bytes
  }
  const daysShare = megabytes / PIECES
  yield piece('{"dailies":[')
  for (; told.bytes < daysShare * 1e6; told.days += 1)
    yield piece(`${told.days === 0 ? '' : ','}${daily(userId, firstS + told.days * DAY_S)}`)
  told.samples = told.days * HEART_RATES_PER_DAY
  yield piece('],"activityDetails":[')
  for (; told.bytes < megabytes * 1e6; told.activities += 1) {
    // The longest comes first; the others are of one hour.
    const seconds = (told.activities === 0 ? longestHours : 1) * 3600
    if (told.activities > 0) yield piece(',')
    for (const text of details({ userId, number: told.activities, startS: firstS + told.activities * DAY_S, seconds }))
      yield piece(text)
    told.points += seconds * KINDS_PER_SECOND
  }
  yield piece(']}')
}

function daily(userId: string, startS: number): string {
  const rates = Array.from({ length: HEART_RATES_PER_DAY }, (_, index) => `"${index * 15}":${50 + (index % 90)}`)
  return `{"userId":"${userId}","summaryId":"large-d-${startS}","calendarDate":"${dateAt(startS)}","startTimeInSeconds":${startS},"startTimeOffsetInSeconds":0,"durationInSeconds":${DAY_S},"steps":9000,"timeOffsetHeartRateSamples":{${rates.join(',')}}}`
}

interface Recording {
  readonly userId: string
  readonly number: number
  readonly startS: number
  readonly seconds: number
}

function* details({ userId, number, startS, seconds }: Recording): Generator<string> {
  const id = 9_000_000_000 + number
  yield `{"userId":"${userId}","summaryId":"${id}-detail","activityId":${id},"summary":{"activityType":"RUNNING","activityName":"Long run","startTimeInSeconds":${startS},"startTimeOffsetInSeconds":0,"durationInSeconds":${seconds},"distanceInMeters":${seconds * 3}},"samples":[`
  for (let at = 0; at < seconds; at += 60)
    yield `${at === 0 ? '' : ','}${Array.from({ length: 60 }, (_, index) => second(startS, at + index)).join(',')}`
  yield `],"laps":[{"startTimeInSeconds":${startS}}]}`
}

function second(startS: number, at: number): string {
  return `{"startTimeInSeconds":${startS + at},"latitudeInDegree":${(52 + at / 1e5).toFixed(6)},"longitudeInDegree":${(13 + at / 1e5).toFixed(6)},"elevationInMeters":${(30 + (at % 50) / 10).toFixed(1)},"airTemperatureCelcius":21.0,"heartRate":${110 + (at % 60)},"speedMetersPerSecond":${(2.5 + (at % 10) / 10).toFixed(3)},"stepsPerMinute":${160 + (at % 10)}.0,"powerInWatts":${200 + (at % 80)}.0,"totalDistanceInMeters":${(at * 3).toFixed(2)},"timerDurationInSeconds":${at},"clockDurationInSeconds":${at},"movingDurationInSeconds":${at}}`
}

function dateAt(second_: number): string {
  return new Date(second_ * 1000).toISOString().slice(0, 10)
}
