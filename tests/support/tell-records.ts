import type { Records } from '../../service/platforms/records.ts'

const second = (date: Date | null) => (date === null ? '?' : String(date.getTime() / 1000))

/** Records in one line each, short enough to be written by hand in a table of cases. */
export function tellRecords(records: Records): string[] {
  const {
    activities = [],
    activityStreams = [],
    activityLaps = [],
    activityZones = [],
    deletedActivities = [],
  } = records
  const { samples = [], sleepSessions = [], dailyMetrics = [], rejected } = records
  return [
    ...activities.map(
      (each) =>
        `activity ${each.sourceId} ${each.sport} ${each.localDay ?? '?'} ${second(each.startedAt)}${each.startOffsetSeconds === null ? '' : `/${each.startOffsetSeconds}`}${each.counted === false ? ' uncounted' : ''}${each.parentSourceId == null ? '' : ` of ${each.parentSourceId}`}`,
    ),
    ...activityStreams.map(
      ({ kind, offsetsS, values }) =>
        `series ${kind} ${offsetsS.join()}: ${values.map((value) => value ?? '-').join()}`,
    ),
    ...activityLaps.map(
      ({ lapNumber, startedAt, elapsedTimeS }) => `lap ${lapNumber} ${second(startedAt)}+${elapsedTimeS}`,
    ),
    ...activityZones.map(
      ({ kind, zoneNumber, lowerBound, upperBound, timeS }) =>
        `zone ${zoneNumber} of ${kind} ${lowerBound ?? '?'}..${upperBound ?? ''} ${timeS}`,
    ),
    ...deletedActivities.map((id) => `gone ${id}`),
    ...samples.map(
      ({ kind, variant, startedAt, endedAt, offsetSeconds, value }) =>
        `${kind}${variant === '' ? '' : `/${variant}`} ${second(startedAt)}+${(endedAt.getTime() - startedAt.getTime()) / 1000}${offsetSeconds === null ? '' : `/${offsetSeconds}`} = ${value}`,
    ),
    ...sleepSessions.map(
      (each) =>
        `${each.nap ? 'nap' : 'sleep'} ${each.localDay ?? ''} ${second(each.startedAt)} to ${second(each.endedAt)} asleep ${each.asleepS} final ${each.finality} stages ${each.stages.length}`,
    ),
    ...dailyMetrics.map(({ localDay, kind, value }) => `${localDay} ${kind} = ${value}`),
    ...rejected.map(({ position, reason }) => `refused ${position}: ${reason}`),
  ]
}
