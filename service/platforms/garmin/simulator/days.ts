import { dateAt, hourAt, offsetAt } from './clock.ts'
import { chance, whole } from './random.ts'

const EPOCH_S = 900

export type Item = Readonly<Record<string, unknown>> & { readonly startTimeInSeconds: number }

/** One date as the person lived it: 23 or 25 hours when the clocks change, 46 over the date line. */
export interface Day {
  readonly date: string
  readonly epochs: readonly Epoch[]
}

interface Epoch {
  readonly startS: number
  readonly steps: number
  readonly activeS: number
}

/** All days that begin in [fromS, toS), quarter of an hour by quarter of an hour. */
export function livedDays(person: number, fromS: number, toS: number): readonly Day[] {
  const days = new Map<string, Epoch[]>()
  const first = Math.floor(fromS / EPOCH_S) * EPOCH_S - 48 * 3600
  for (let startS = first; startS < toS + 72 * 3600; startS += EPOCH_S) {
    const date = dateAt(startS)
    const epochs = days.get(date) ?? []
    epochs.push(liveEpoch(person, startS))
    days.set(date, epochs)
  }
  return [...days]
    .map(([date, epochs]) => ({ date, epochs }))
    .filter(
      ({ epochs }) =>
        (epochs[0]?.startS ?? 0) >= fromS && (epochs[0]?.startS ?? 0) < toS && (epochs[0]?.startS ?? 0) > first,
    )
}

function liveEpoch(person: number, startS: number): Epoch {
  const hour = hourAt(startS)
  const isAwake = hour >= 7 && hour < 23
  const steps = isAwake && chance('moves', person, startS) < 0.6 ? whole(5, 400, 'steps', person, startS) : 0
  return { startS, steps, activeS: Math.min(EPOCH_S, steps * 2) }
}

export const stepsOf = ({ epochs }: Day) => epochs.reduce((sum, { steps }) => sum + steps, 0)
/** In metres, to the centimetre. */
export const distanceOf = (day: Day) => Math.round(stepsOf(day) * 74) / 100

export interface Owner {
  readonly person: number
  readonly userId: string
}

/** `share`: how much of the day had passed when the watch synced. */
export function daily({ person, userId }: Owner, day: Day, share = 1): Item {
  const startS = day.epochs[0]?.startS ?? 0
  const epochs = day.epochs.slice(0, Math.ceil(day.epochs.length * share))
  const sofar = { ...day, epochs }
  const heart = Object.fromEntries(
    [0, 900, 1800].map((at) => [String(at), whole(48, 90, 'heart', person, startS + at)]),
  )
  return {
    userId,
    summaryId: `sim-d-${startS.toString(16)}-${epochs.length}`,
    calendarDate: day.date,
    activityType: 'GENERIC',
    startTimeInSeconds: startS,
    startTimeOffsetInSeconds: offsetAt(startS),
    durationInSeconds: epochs.length * EPOCH_S,
    steps: stepsOf(sofar),
    distanceInMeters: distanceOf(sofar),
    activeTimeInSeconds: epochs.reduce((sum, { activeS }) => sum + activeS, 0),
    activeKilocalories: Math.round(stepsOf(sofar) / 20),
    bmrKilocalories: 1700,
    restingHeartRateInBeatsPerMinute: whole(44, 58, 'resting', person, day.date),
    averageStressLevel: whole(-1, 60, 'stress', person, day.date),
    timeOffsetHeartRateSamples: heart,
  }
}

/** One record for each kind of movement; together they fill the quarter of an hour. */
export function epochItems(userId: string, day: Day): readonly Item[] {
  return day.epochs.flatMap(({ startS, steps, activeS }) => {
    const common = {
      userId,
      startTimeInSeconds: startS,
      startTimeOffsetInSeconds: offsetAt(startS),
      durationInSeconds: EPOCH_S,
    }
    const resting = {
      ...common,
      summaryId: `sim-e-${startS.toString(16)}-0`,
      activityType: 'SEDENTARY',
      steps: 0,
      activeTimeInSeconds: EPOCH_S - activeS,
    }
    const about = Math.floor(steps / 4)
    const walking = {
      ...common,
      summaryId: `sim-e-${startS.toString(16)}-6`,
      activityType: 'WALKING',
      steps: steps - about,
      activeTimeInSeconds: activeS,
    }
    // Steps at the stove are of no kind, and are counted like the others.
    const standing = { ...walking, summaryId: `sim-e-${startS.toString(16)}-8`, activityType: 'GENERIC', steps: about }
    return steps === 0 ? [resting] : [resting, walking, { ...standing, activeTimeInSeconds: 0 }]
  })
}

/** The night that ends on this date: eight hours up to seven in the morning by the device. */
export function sleep(
  { person, userId }: Owner,
  day: Day,
  validation: 'ENHANCED_TENTATIVE' | 'ENHANCED_FINAL',
): Item | undefined {
  const wakes = day.epochs.find(({ startS }) => hourAt(startS) === 7)?.startS
  if (wakes === undefined) return undefined
  const startS = wakes - 8 * 3600
  const awake = whole(5, 40, 'awake', person, day.date) * 60
  // What a tentative version says of the stages is not what the final one says.
  const deep = validation === 'ENHANCED_FINAL' ? 5400 : 3600
  const [rem, light] = [5400, 8 * 3600 - awake - deep - 5400]
  const ends = [startS + light, startS + light + deep, startS + light + deep + rem]
  const level = (from: number, to: number) => [{ startTimeInSeconds: from, endTimeInSeconds: to }]
  return {
    userId,
    summaryId: `sim-s-${startS.toString(16)}-${validation}`,
    calendarDate: day.date,
    startTimeInSeconds: startS,
    startTimeOffsetInSeconds: offsetAt(startS),
    durationInSeconds: light + deep + rem,
    deepSleepDurationInSeconds: deep,
    lightSleepDurationInSeconds: light,
    remSleepInSeconds: rem,
    awakeDurationInSeconds: awake,
    validation,
    sleepLevelsMap: {
      light: level(startS, ends[0] ?? 0),
      deep: level(ends[0] ?? 0, ends[1] ?? 0),
      rem: level(ends[1] ?? 0, ends[2] ?? 0),
      awake: level(ends[2] ?? 0, wakes),
    },
    overallSleepScore: { value: whole(55, 95, 'score', person, day.date), qualifierKey: 'GOOD' },
  }
}

/** On three days of seven; the fourth in a hundred is a multisport event of two legs. */
export function activities({ person, userId }: Owner, day: Day): readonly Item[] {
  const startS = day.epochs.find(({ startS: at }) => hourAt(at) === 17)?.startS
  if (startS === undefined || chance('trains', person, day.date) > 3 / 7) return []
  const id = person * 100_000_000_000 + Math.floor(startS / 60) * 10
  const common = { userId, startTimeOffsetInSeconds: offsetAt(startS), deviceName: watchOn(day.date) }
  const leg = (number: number, type: string, at: number) => ({
    ...common,
    summaryId: String(id + number),
    activityId: id + number,
    activityName: `Simulated ${type.toLowerCase()}`,
    activityType: type,
    startTimeInSeconds: at,
    durationInSeconds: whole(20, 70, 'lasts', person, day.date, number) * 60,
    distanceInMeters: whole(3_000, 15_000, 'far', person, day.date, number),
    activeKilocalories: whole(200, 900, 'burns', person, day.date, number),
    averageHeartRateInBeatsPerMinute: whole(120, 165, 'beats', person, day.date, number),
  })
  if (chance('multisport', person, day.date) > 0.04) return [leg(0, 'RUNNING', startS)]
  const legs = [leg(1, 'CYCLING', startS), leg(2, 'RUNNING', startS + 71 * 60)]
  const sum = (field: 'durationInSeconds' | 'distanceInMeters') => legs.reduce((total, each) => total + each[field], 0)
  const whole_ = {
    ...leg(0, 'MULTI_SPORT', startS),
    isParent: true,
    durationInSeconds: sum('durationInSeconds'),
    distanceInMeters: sum('distanceInMeters'),
  }
  return [...legs.map((each) => ({ ...each, parentSummaryId: String(id) })), whole_]
}

/** In the middle of each year the person buys another. */
function watchOn(date: string): string {
  return date.slice(5) < '07-01' ? 'Simulated 965' : 'Simulated 975'
}

/** What the person's year adds up to, by the simulator's own reckoning. */
export function totals(person: number, days: readonly Day[]) {
  const owner = { person, userId: '' }
  const legs = days
    .flatMap((day) => activities(owner, day))
    .filter(({ activityType }) => activityType !== 'MULTI_SPORT')
  const nights = days.flatMap((day) => sleep(owner, day, 'ENHANCED_FINAL') ?? [])
  const sum = (items: readonly Item[], field: string) => items.reduce((total, item) => total + Number(item[field]), 0)
  return {
    days: days.length,
    steps: days.reduce((total, day) => total + stepsOf(day), 0),
    stepsByDate: Object.fromEntries(days.map((day) => [day.date, stepsOf(day)])),
    nights: nights.length,
    asleepS: sum(nights, 'durationInSeconds'),
    deepS: sum(nights, 'deepSleepDurationInSeconds'),
    activities: legs.length,
    activityDistanceM: sum(legs, 'distanceInMeters'),
  }
}
