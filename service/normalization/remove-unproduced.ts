import type { Records } from '../platforms/records.ts'
import type { Tx } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'
import type { RawData } from './queries.ts'

/** Removes rows that the payload produced once and no longer does, and answers their days. */
export async function removeUnproduced(tx: Tx, raw: RawData, records: Records): Promise<readonly string[]> {
  const { activities = [], activityStreams = [], activityLaps = [], activityZones = [] } = records
  const { samples = [], sleepSessions = [], dailyMetrics = [] } = records
  const produced = {
    activities: activities.map(({ sourceId }) => ({ sourceId })),
    activityStreams: activityStreams.map(({ sourceId, kind }) => ({ sourceId, kind })),
    activityLaps: activityLaps.map(({ sourceId, lapNumber }) => ({ sourceId, lapNumber })),
    activityZones: activityZones.map(({ sourceId, kind, zoneNumber }) => ({ sourceId, kind, zoneNumber })),
    samples: samples.map(({ kind, startedAt, endedAt, source, variant }) => ({
      kind,
      startedAt,
      endedAt,
      source,
      variant,
    })),
    sleepSessions: sleepSessions.map(({ sourceId, source, stages }) => ({ sourceId, source, stages })),
    dailyMetrics: dailyMetrics.map(({ kind, localDay }) => ({ kind, localDay })),
  }
  const { rows } = await tx.query<{ days: string[] }>(sql`
    select ops.remove_unproduced(${raw.userId}::uuid, ${raw.platform}, ${raw.rawId}::uuid, ${raw.createdAt}::timestamptz,
      ${JSON.stringify(produced)}::jsonb)::text[] as days`)
  return rows[0]?.days ?? []
}
