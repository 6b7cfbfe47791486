import type { Records } from '../platforms/records.ts'
import type { Tx } from '../runtime/db.ts'
import { arrayText, sql } from '../runtime/sql.ts'
import { lockPerson } from './queries.ts'
import { readParsed } from './read-payload.ts'
import { writeArrived } from './replace-records.ts'
import { SampleColumns } from './sample-columns.ts'
import type { NormalizationServices } from './services.ts'

/** A payload that is stored in the same transaction as what it becomes. */
export interface ArrivingPayload {
  readonly rawId: string
  readonly dataType: string
  readonly payload: unknown
  readonly metadata: Readonly<Record<string, unknown>>
}

/** Payloads that are stored together, normalized one by one as they are read: what one becomes is small, what it was is let go. */
export interface ArrivingBatch {
  add(payload: ArrivingPayload): void
  /** Answers the function that writes what the payloads became, to be called in the transaction that stores them. */
  close(): Promise<(tx: Tx, stored: StoredBatch) => Promise<void>>
}

/** Where the payloads were stored: `receivedAt` by the order of the payloads, as text with microseconds. */
export interface StoredBatch {
  readonly createdAt: string
  readonly receivedAt: readonly string[]
}

interface Prepared extends Omit<ArrivingPayload, 'payload'> {
  /** But for the samples. */
  readonly others: Records
}

interface Owner {
  readonly userId: string
  readonly platform: string
}

/** Of an import of millions of records none is read back from the database to be normalized. */
export function openBatch(services: NormalizationServices, owner: Owner): ArrivingBatch {
  const normalizers = services.platforms.get(owner.platform)?.normalize ?? {}
  const now = new Date()
  const prepared: Prepared[] = []
  const columns = new SampleColumns()
  return {
    add({ payload, ...arriving }) {
      const normalize = normalizers[arriving.dataType]
      const { samples = [], ...others } = readParsed(normalize, { payload, metadata: arriving.metadata }, now)
      columns.addPayload(arriving.rawId, samples)
      prepared.push({ ...arriving, others })
    },
    async close() {
      await services.ensureSamplePartitions(columns.months)
      return (tx, stored) => write(services, tx, { ...owner, prepared, columns, stored })
    },
  }
}

interface ClosedBatch extends Owner {
  readonly prepared: readonly Prepared[]
  readonly columns: SampleColumns
  readonly stored: StoredBatch
}

async function write(services: NormalizationServices, tx: Tx, batch: ClosedBatch): Promise<void> {
  const { userId, platform, prepared, stored } = batch
  await lockPerson(tx, userId)
  const days = await storeSampleBatch(tx, batch)
  for (const [index, { rawId, dataType, metadata, others }] of prepared.entries()) {
    const at = { createdAt: stored.createdAt, receivedAt: stored.receivedAt[index] ?? stored.createdAt }
    const raw = { userId, platform, rawId, dataType, text: '', metadata, ...at }
    // What is not a sample goes the usual way, and so do spans and deletions of samples.
    await writeArrived(services, tx, { raw, records: others })
  }
  if (days.length > 0) await services.queueRebuild(tx, userId, days)
  const rejected = prepared.reduce((sum, { others }) => sum + others.rejected.length, 0)
  if (rejected > 0) services.countRejected(platform, rejected)
}

async function storeSampleBatch(
  tx: Tx,
  { userId, platform, prepared, columns, stored }: ClosedBatch,
): Promise<readonly string[]> {
  if (columns.length === 0) return []
  const { raw, kind, startedMs, endedMs, offsetSeconds, value, source, variant, sourceId, manual } = columns
  const { rows } = await tx.query<{ days: string[] }>(sql`
    select ops.store_sample_batch(${userId}::uuid, ${platform}, ${stored.createdAt}::timestamptz,
      ${prepared.map(({ rawId }) => rawId)}::uuid[], ${stored.receivedAt}::timestamptz[],
      ${arrayText(raw)}::integer[], ${arrayText(kind)}::text[], ${arrayText(startedMs)}::bigint[],
      ${arrayText(endedMs)}::bigint[], ${arrayText(offsetSeconds)}::integer[], ${arrayText(value)}::numeric[],
      ${arrayText(source)}::text[], ${arrayText(variant)}::text[], ${arrayText(sourceId)}::text[],
      ${arrayText(manual)}::boolean[])::text[] as days`)
  return rows[0]?.days ?? []
}
