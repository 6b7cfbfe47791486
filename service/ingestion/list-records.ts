import type { Normalize } from '../platforms/contract.ts'
import { parseJson } from '../runtime/json.ts'
import type { ListedRecord } from './reconciliation-queries.ts'

/** The activities of a page of the platform's list, as they would be stored; undefined where the page is of something else. Pure. */
export function listRecords(normalize: Normalize | undefined, text: string): readonly ListedRecord[] | undefined {
  if (normalize === undefined) return undefined
  const { activities } = normalize(parseJson(text), {})
  return activities?.map((activity) => ({
    source_id: activity.sourceId,
    name: activity.name,
    source_sport: activity.sourceSport,
    started_at: activity.startedAt?.toISOString() ?? null,
    distance_m: activity.distanceM,
    moving_time_s: activity.movingTimeS,
    elapsed_time_s: activity.elapsedTimeS,
  }))
}
