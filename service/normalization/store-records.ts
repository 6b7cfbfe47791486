import type {
  ActivityLapRecord,
  ActivityZoneRecord,
  DailyMetricRecord,
  SampleRecord,
  SampleSpan,
  SleepRecord,
} from '../platforms/records.ts'
import type { Tx } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'
import type { RawData } from './queries.ts'

interface DaysRow {
  readonly days: string[]
}

export interface MissingRow {
  readonly missing: string[]
}

/** Answers the source ids whose activity is not here (yet, or no longer). */
export async function storeLaps(tx: Tx, raw: RawData, laps: readonly ActivityLapRecord[]): Promise<readonly string[]> {
  const { rows } = await tx.query<MissingRow>(sql`
    select ops.store_activity_laps(${raw.userId}::uuid, ${raw.platform}, ${raw.rawId}::uuid, ${raw.createdAt}::timestamptz,
      ${raw.receivedAt}::timestamptz, ${JSON.stringify(laps)}::jsonb) as missing`)
  return rows[0]?.missing ?? []
}

/** Answers the source ids whose activity is not here (yet, or no longer). */
export async function storeZones(
  tx: Tx,
  raw: RawData,
  zones: readonly ActivityZoneRecord[],
): Promise<readonly string[]> {
  const { rows } = await tx.query<MissingRow>(sql`
    select ops.store_activity_zones(${raw.userId}::uuid, ${raw.platform}, ${raw.rawId}::uuid, ${raw.createdAt}::timestamptz,
      ${raw.receivedAt}::timestamptz, ${JSON.stringify(zones)}::jsonb) as missing`)
  return rows[0]?.missing ?? []
}

export interface SampleChanges {
  readonly samples: readonly SampleRecord[]
  readonly sampleSpans: readonly SampleSpan[]
  readonly deletedSamples: readonly string[]
}

/** Answers the local days whose numbers may have changed. The months' partitions have to exist. */
export async function storeSamples(tx: Tx, raw: RawData, changes: SampleChanges): Promise<readonly string[]> {
  const { samples, sampleSpans, deletedSamples } = changes
  const { rows } = await tx.query<DaysRow>(sql`
    select ops.store_samples(${raw.userId}::uuid, ${raw.platform}, ${raw.rawId}::uuid, ${raw.createdAt}::timestamptz,
      ${raw.receivedAt}::timestamptz, ${JSON.stringify(samples)}::jsonb, ${JSON.stringify(sampleSpans)}::jsonb,
      ${deletedSamples}::text[])::text[] as days`)
  return rows[0]?.days ?? []
}

export interface SleepChanges {
  readonly sleepSessions: readonly SleepRecord[]
  readonly deletedSleepSessions: readonly string[]
}

/** Answers the local days whose numbers may have changed. */
export async function storeSleepSessions(tx: Tx, raw: RawData, changes: SleepChanges): Promise<readonly string[]> {
  const { rows } = await tx.query<DaysRow>(sql`
    select ops.store_sleep_sessions(${raw.userId}::uuid, ${raw.platform}, ${raw.rawId}::uuid, ${raw.createdAt}::timestamptz,
      ${raw.receivedAt}::timestamptz, ${JSON.stringify(changes.sleepSessions)}::jsonb,
      ${changes.deletedSleepSessions}::text[])::text[] as days`)
  return rows[0]?.days ?? []
}

/** Answers the days that changed. */
export async function storeDailyMetrics(
  tx: Tx,
  raw: RawData,
  metrics: readonly DailyMetricRecord[],
): Promise<readonly string[]> {
  const { rows } = await tx.query<DaysRow>(sql`
    select ops.store_daily_metrics(${raw.userId}::uuid, ${raw.platform}, ${raw.rawId}::uuid, ${raw.createdAt}::timestamptz,
      ${raw.receivedAt}::timestamptz, ${JSON.stringify(metrics)}::jsonb)::text[] as days`)
  return rows[0]?.days ?? []
}
