import type { ActivityRecord } from '../records.ts'
import { type ItemReader, localDayAt, normalizer, Refused } from './item-reader.ts'
import { canonicalSport, isIndoor, isMultisport } from './sports.ts'

const MS = { max: 200 }
const LONGEST_S = 31 * 86_400

/** Summaries of activities, also of those that a person has edited since: the id is the same and the newer one stands. */
export const normalizeActivities = normalizer((reader) => ({ activities: [readActivity(reader)] }))

/** What the device took for an activity by itself: the day's sums have it already, so it is shown and not counted. */
export const normalizeMoveIq = normalizer((reader) => {
  const activity = readActivity(reader, `moveiq:${reader.id('summaryId') ?? reader.startS()}`)
  return { activities: [{ ...activity, counted: false }] }
})

/** `sourceId`: instead of the activity's own. */
export function readActivity(reader: ItemReader, sourceId = idOf(reader)): ActivityRecord {
  const sourceSport = reader.text('activityType') ?? 'UNKNOWN'
  const startS = reader.startS()
  const offsetS = reader.offsetS('startTimeOffsetInSeconds', 'offsetInSeconds')
  const durationS = reader.whole('durationInSeconds', { max: LONGEST_S }) ?? null
  const device = reader.text('deviceName')
  return {
    sourceId,
    sport: canonicalSport(sourceSport),
    sourceSport,
    name: reader.text('activityName') ?? null,
    ...localDayAt(startS, { offsetS, named: reader.day() }),
    startedAt: new Date(startS * 1000),
    endedAt: durationS === null ? null : new Date((startS + durationS) * 1000),
    startOffsetSeconds: offsetS,
    timeZone: null,
    startTimeHidden: false,
    ...readMeasures(reader, durationS),
    manual: reader.flag('manual'),
    indoor: isIndoor(sourceSport),
    hasRoute: reader.number('startingLatitudeInDegree', { min: -90, max: 90 }) !== undefined,
    private: false,
    deviceName: device === undefined || device === 'unknown' ? null : device,
    sourceUrl: /^\d+$/.test(sourceId) ? `https://connect.garmin.com/modern/activity/${sourceId}` : null,
    detailed: true,
    parentSourceId: reader.id('parentSummaryId') ?? null,
    // The legs of a multisport event are counted, and their whole is not.
    counted: !(reader.flag('isParent') || isMultisport(sourceSport)),
  }
}

/** The clock of a Garmin stops in pauses: its duration is both what was moved and, as far as a summary tells, what elapsed. */
function readMeasures(reader: ItemReader, durationS: number | null) {
  const heart = { min: 0, max: 400 }
  const positive = (name: string) => reader.number(name, heart) || null
  return {
    distanceM: reader.number('distanceInMeters') ?? null,
    movingTimeS: durationS,
    elapsedTimeS: durationS,
    elevationGainM: reader.number(['totalElevationGainInMeters', 'elevationGainInMeters'], { max: 1e5 }) ?? null,
    meanSpeedMPerS: reader.number('averageSpeedInMetersPerSecond', MS) ?? null,
    maxSpeedMPerS: reader.number('maxSpeedInMetersPerSecond', MS) ?? null,
    heartRateMeanBpm: positive('averageHeartRateInBeatsPerMinute'),
    heartRateMaxBpm: positive('maxHeartRateInBeatsPerMinute'),
    cadenceMeanRpm: readCadence(reader),
    powerMeanW: reader.number('averagePowerInWatts', { max: 1e4 }) ?? null,
    energyKcal: reader.number('activeKilocalories', { max: 1e5 }) ?? null,
  }
}

/** Steps are of both feet, and cadence here is that of one. */
function readCadence(reader: ItemReader): number | null {
  const pedalled = reader.number(['averageBikeCadenceInRoundsPerMinute', 'averageBikingCadenceInRevPerMinute'], {
    max: 1000,
  })
  const steps = reader.number('averageRunCadenceInStepsPerMinute', { max: 1000 })
  return pedalled ?? (steps === undefined ? null : steps / 2)
}

/** The activity's id joins summary, details and file; old summaries have it as summaryId, and details add a suffix to that. */
export function idOf(reader: ItemReader): string {
  const id = reader.id('activityId') ?? reader.id('summaryId')?.replace(/-detail$/, '')
  if (id === undefined) throw new Refused(reader.problems[0] ?? 'activityId: missing')
  return id
}
