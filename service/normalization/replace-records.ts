import type {
  ActivityLapRecord,
  ActivityRecord,
  ActivityStreamRecord,
  ActivityZoneRecord,
  Records,
  SampleRecord,
} from '../platforms/records.ts'
import type { Tx } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { lastOfEach, longestOfEach } from './last-of-each.ts'
import {
  deleteActivities,
  lockPerson,
  markProcessed,
  type RawData,
  rebuildDailyMetrics,
  storeActivities,
  storeRejections,
} from './queries.ts'
import { removeUnproduced } from './remove-unproduced.ts'
import type { NormalizationServices } from './services.ts'
import { storeDailyMetrics, storeLaps, storeSamples, storeSleepSessions, storeZones } from './store-records.ts'
import { storeStreams } from './store-streams.ts'

/**
 * Writes what a payload became and answers the local days whose numbers may have changed. An older payload never overwrites a newer one, so the order in which jobs run does not matter.
 * `replay`: the payload was normalized before, perhaps by another version of its normalizer.
 * Throws normalization/activity_missing (retried) when a series or a lap arrives before its activity.
 */
export async function replaceRecords(
  services: Pick<NormalizationServices, 'queueRebuild'>,
  tx: Tx,
  { raw, records, replay = false }: { raw: RawData; records: Records; replay?: boolean },
): Promise<readonly string[]> {
  await lockPerson(tx, raw.userId)
  // Only then can there be rows that the payload no longer produces: its normalizer changed.
  const unproducedDays = replay ? await removeUnproduced(tx, raw, records) : []
  const days = await writeRecords(services, tx, { raw, records, unproducedDays })
  await storeRejections(tx, raw, records.rejected)
  await markProcessed(tx, raw)
  return days
}

/** The same for a payload that the caller, who holds the person's lock, stored just now as processed: nothing of it was rejected before. */
export async function writeArrived(
  services: Pick<NormalizationServices, 'queueRebuild'>,
  tx: Tx,
  { raw, records }: { raw: RawData; records: Records },
): Promise<void> {
  await writeRecords(services, tx, { raw, records, unproducedDays: [] })
  if (records.rejected.length > 0) await storeRejections(tx, raw, records.rejected)
}

interface Writing {
  readonly raw: RawData
  readonly records: Records
  readonly unproducedDays: readonly string[]
}

async function writeRecords(
  { queueRebuild }: Pick<NormalizationServices, 'queueRebuild'>,
  tx: Tx,
  { raw, records, unproducedDays }: Writing,
): Promise<readonly string[]> {
  const activityDays = [...unproducedDays, ...(await replaceActivities(tx, { raw, records }))]
  if (activityDays.length > 0) await rebuildDailyMetrics(tx, raw, activityDays)
  const days = new Set([...activityDays, ...(await replaceMeasurements(tx, { raw, records }))])
  if (days.size > 0) await queueRebuild(tx, raw.userId, [...days])
  return [...days].toSorted()
}

async function replaceActivities(
  tx: Tx,
  { raw, records }: { raw: RawData; records: Records },
): Promise<readonly string[]> {
  const { activities = [], deletedActivities = [] } = records
  const { activityStreams = [], activityLaps = [], activityZones = [] } = records
  const stored = activities.length === 0 ? [] : await storeActivities(tx, raw, lastOfEach(activities, activityKey))
  const removed = deletedActivities.length === 0 ? [] : await deleteActivities(tx, raw, deletedActivities)
  const missing = [
    ...(activityStreams.length === 0 ? [] : await storeStreams(tx, raw, lastOfEach(activityStreams, streamKey))),
    ...(activityLaps.length === 0 ? [] : await storeLaps(tx, raw, lastOfEach(activityLaps, lapKey))),
    ...(activityZones.length === 0 ? [] : await storeZones(tx, raw, lastOfEach(activityZones, zoneKey))),
  ]
  if (missing.length > 0)
    throw new AppError('normalization/activity_missing', {
      platform: raw.platform,
      activities: new Set(missing).size,
    })
  return [...new Set([...stored, ...removed])]
}

async function replaceMeasurements(
  tx: Tx,
  { raw, records }: { raw: RawData; records: Records },
): Promise<readonly string[]> {
  const { samples = [], sampleSpans = [], deletedSamples = [] } = records
  const { sleepSessions = [], deletedSleepSessions = [], dailyMetrics = [] } = records
  const days: string[] = []
  if (samples.length + sampleSpans.length + deletedSamples.length > 0) {
    const lastSamples = lastOfEach(longestOfEach(samples, sampleSpans), sampleKey)
    days.push(...(await storeSamples(tx, raw, { samples: lastSamples, sampleSpans, deletedSamples })))
  }
  if (sleepSessions.length + deletedSleepSessions.length > 0) {
    const lastSessions = lastOfEach(
      sleepSessions,
      ({ sourceId }) => sourceId,
      ({ finality }) => finality,
    )
    days.push(...(await storeSleepSessions(tx, raw, { sleepSessions: lastSessions, deletedSleepSessions })))
  }
  if (dailyMetrics.length > 0) {
    const lastMetrics = lastOfEach(
      dailyMetrics,
      ({ localDay, kind }) => `${localDay} ${kind}`,
      ({ finality = 0 }) => finality,
    )
    days.push(...(await storeDailyMetrics(tx, raw, lastMetrics)))
  }
  return days
}

const streamKey = ({ sourceId, kind }: ActivityStreamRecord) => `${sourceId}\n${kind}`
const lapKey = ({ sourceId, lapNumber }: ActivityLapRecord) => `${sourceId}\n${lapNumber}`
const zoneKey = ({ sourceId, kind, zoneNumber }: ActivityZoneRecord) => `${sourceId}\n${kind}\n${zoneNumber}`
const activityKey = ({ sourceId }: ActivityRecord) => sourceId
const sampleKey = ({ kind, startedAt, endedAt, source, variant }: SampleRecord) =>
  `${kind}\n${startedAt.getTime()}\n${endedAt.getTime()}\n${source}\n${variant}`
