import type { ActivityRecord, Records } from '../platforms/contract.ts'
import type { Tx } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import {
  deleteActivities,
  lockPerson,
  markProcessed,
  type RawData,
  rebuildDailyMetrics,
  storeActivities,
  storeRejections,
  storeStreams,
} from './queries.ts'
import type { NormalizationServices } from './services.ts'

/**
 * Writes what a payload became. An older payload never overwrites a newer one, so the order in which jobs run does not matter.
 * Throws normalization/activity_missing (retried) when a series arrives before its activity.
 */
export async function replaceRecords(
  { queueRebuild }: Pick<NormalizationServices, 'queueRebuild'>,
  tx: Tx,
  { raw, records }: { raw: RawData; records: Records },
): Promise<void> {
  await lockPerson(tx, raw.userId)
  const stored = await storeActivities(tx, raw, lastOfEach(records.activities))
  const removed = await deleteActivities(tx, raw, records.deletedActivities)
  const missing = await storeStreams(tx, raw, records.activityStreams)
  if (missing.length > 0)
    throw new AppError('normalization/activity_missing', { platform: raw.platform, activities: missing.length })
  await storeRejections(tx, raw, records.rejected)
  const days = [...new Set([...stored, ...removed])]
  if (days.length > 0) {
    await rebuildDailyMetrics(tx, raw, days)
    await queueRebuild(tx, raw.userId, days)
  }
  await markProcessed(tx, raw)
}

/** A list that moved while it was read can hold an activity twice; one statement writes a row once. */
function lastOfEach(activities: readonly ActivityRecord[]): readonly ActivityRecord[] {
  return [...new Map(activities.map((activity) => [activity.sourceId, activity])).values()]
}
