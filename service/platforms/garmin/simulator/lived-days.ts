import {
  activities,
  type Day,
  daily,
  distanceOf,
  epochItems,
  type Item,
  livedDays,
  type Owner,
  sleep,
  stepsOf,
} from './days.ts'
import { chance } from './random.ts'

/** What one delivery holds: by list. */
export type Body = Readonly<Record<string, readonly Item[]>>

export interface Span {
  readonly fromS: number
  readonly toS: number
}

const CORRECTION_STEPS = 777
/** Of all days, from the first: where the unusual happens. */
const [WATCH_LEFT_BEHIND, WATCH_FOUND, SENT_AGAIN, CORRECTED] = [0.3, 0.4, 0.5, 0.7]

/** Which days are late, sent again and corrected; the same for the same number of days. */
function planOf(count: number) {
  const at = (share: number) => Math.floor(count * share)
  const isLate = (index: number) =>
    index >= at(WATCH_LEFT_BEHIND) && index < at(WATCH_LEFT_BEHIND) + Math.ceil(count / 50)
  return { isLate, foundAt: at(WATCH_FOUND), sentAgainAt: at(SENT_AGAIN), correctedAt: at(CORRECTED) }
}

/**
 * What Garmin sends of these days, in the order in which it comes: each day first as far as it had got, with a tentative night and a
 * quarter of an hour cut short, and the next morning whole. Days of a watch that was left behind come weeks later, the last first; some
 * days are sent again, as they were, under another id, and once more as they were at noon; one is corrected.
 */
export function* deliveriesOf(owner: Owner, { fromS, toS }: Span): Generator<Body> {
  const days = livedDays(owner.person, fromS, toS)
  const plan = planOf(days.length)
  for (const [index, day] of days.entries()) {
    if (!plan.isLate(index)) {
      yield unfinished(owner, day)
      yield whole(owner, day)
    }
    if (index === plan.foundAt)
      for (const late of days.filter((_, at) => plan.isLate(at)).toReversed()) yield whole(owner, late)
    if (index === plan.sentAgainAt) {
      const again = days.slice(Math.max(0, index - 10), index)
      for (const each of again) yield whole(owner, each)
      for (const each of again) yield { dailies: [{ ...daily(owner, each), summaryId: `again-${each.date}` }] }
      for (const each of again) yield unfinished(owner, each)
    }
    if (index === plan.correctedAt) yield { dailies: [corrected(owner, day)] }
  }
}

function unfinished(owner: Owner, day: Day): Body {
  const noon = day.epochs[Math.floor(day.epochs.length / 2)]
  const cut =
    noon === undefined
      ? []
      : epochItems(owner.userId, { ...day, epochs: [{ ...noon, steps: Math.floor(noon.steps / 3) }] })
  const night = sleep(owner, day, 'ENHANCED_TENTATIVE')
  return {
    dailies: [daily(owner, day, 0.5)],
    epochs: cut.map((item) => ({ ...item, durationInSeconds: 300 })),
    ...(night !== undefined && { sleeps: [night] }),
  }
}

function whole(owner: Owner, day: Day): Body {
  const night = sleep(owner, day, 'ENHANCED_FINAL')
  const trained = [...activities(owner, day), ...recordedTwice(owner, day)]
  return {
    epochs: epochItems(owner.userId, day),
    dailies: [daily(owner, day)],
    ...(night !== undefined && { sleeps: [night] }),
    ...(trained.length > 0 && { activities: trained }),
  }
}

/** Garmin counts again and finds more; as long as before, so that the later version stands. */
function corrected(owner: Owner, day: Day): Item {
  return { ...daily(owner, day), summaryId: `corrected-${day.date}`, steps: stepsOf(day) + CORRECTION_STEPS }
}

/** Some runs are recorded by a second watch too, started a little later and measured a little longer. */
function recordedTwice(owner: Owner, day: Day): Item[] {
  const [run, other] = activities(owner, day)
  if (run === undefined || other !== undefined || chance('two watches', owner.person, day.date) > 0.3) return []
  const number = (name: string) => Number(run[name])
  return [
    {
      ...run,
      summaryId: String(number('activityId') + 5),
      activityId: number('activityId') + 5,
      deviceName: 'Simulated spare watch',
      startTimeInSeconds: run.startTimeInSeconds + 20,
      durationInSeconds: number('durationInSeconds') - 35,
      distanceInMeters: Math.round(number('distanceInMeters') * 1.01),
    },
  ]
}

/** What a day comes to: one line of the book. */
export interface BookLine {
  readonly steps: number
  /** Of the quarters of an hour alone. */
  readonly epochSteps: number
  /** In metres, to the centimetre. */
  readonly distanceM: number
  /** Null: the person did not sleep into this day. */
  readonly asleepS: number | null
  readonly deepS: number | null
  readonly activities: number
  readonly activityDistanceM: number | null
  readonly movingTimeS: number | null
}

/** The simulator's own account of the days, made from what was lived and not from what was sent. */
export function bookOf(person: number, { fromS, toS }: Span): Record<string, BookLine> {
  const owner = { person, userId: '' }
  const days = livedDays(person, fromS, toS)
  const { correctedAt } = planOf(days.length)
  return Object.fromEntries(days.map((day, index) => [day.date, lineOf(owner, day, index === correctedAt)]))
}

function lineOf(owner: Owner, day: Day, isCorrected: boolean): BookLine {
  // The whole of an event is its legs, and what a second watch recorded is what the first did.
  const legs = activities(owner, day).filter(({ activityType }) => activityType !== 'MULTI_SPORT')
  const sum = (field: string) => (legs.length === 0 ? null : legs.reduce((total, leg) => total + Number(leg[field]), 0))
  const night = sleep(owner, day, 'ENHANCED_FINAL')
  return {
    epochSteps: stepsOf(day),
    steps: stepsOf(day) + (isCorrected ? CORRECTION_STEPS : 0),
    distanceM: distanceOf(day),
    asleepS: night === undefined ? null : Number(night['durationInSeconds']),
    deepS: night === undefined ? null : Number(night['deepSleepDurationInSeconds']),
    activities: legs.length,
    activityDistanceM: sum('distanceInMeters'),
    movingTimeS: sum('durationInSeconds'),
  }
}
