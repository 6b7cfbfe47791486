import type { Normalize } from '../platforms/contract.ts'
import type { Records, SampleRecord } from '../platforms/records.ts'
import type { Tx } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { sql } from '../runtime/sql.ts'
import { checkRecords } from './check-records.ts'
import { lockPerson, type RawData, storeRejections } from './queries.ts'
import { replaceRecords } from './replace-records.ts'
import type { NormalizationServices } from './services.ts'

/** A payload that is stored in the same transaction as what it becomes. */
export interface ArrivingPayload {
  readonly rawId: string
  readonly dataType: string
  readonly payload: unknown
  readonly metadata: Readonly<Record<string, unknown>>
}

export interface ArrivingBatch {
  readonly userId: string
  readonly platform: string
  readonly payloads: readonly ArrivingPayload[]
}

/** Where the payloads were stored: `receivedAt` by the order of the payloads, as text with microseconds. */
export interface StoredBatch {
  readonly createdAt: string
  readonly receivedAt: readonly string[]
}

interface Prepared extends ArrivingPayload {
  readonly records: Records
}

/**
 * Normalizes payloads before they are stored and answers the function that writes what they became, to be called in the transaction that
 * stores them: of an import of millions of records, none is read back from the database to be normalized.
 */
export async function prepareBatch(
  services: NormalizationServices,
  { userId, platform, payloads }: ArrivingBatch,
): Promise<(tx: Tx, stored: StoredBatch) => Promise<void>> {
  const normalizers = services.platforms.get(platform)?.normalize ?? {}
  const now = new Date()
  const prepared = payloads.map((payload) => ({
    ...payload,
    records: read(normalizers[payload.dataType], payload, now),
  }))
  const samples = chooseSamples(prepared)
  await services.ensureSamplePartitions(samples.map(({ sample }) => sample))
  return async (tx, stored) => {
    await lockPerson(tx, userId)
    const days = await storeSampleBatch(tx, { userId, platform, prepared, samples, stored })
    for (const [index, { rawId, dataType, metadata, records }] of prepared.entries()) {
      const at = { createdAt: stored.createdAt, receivedAt: stored.receivedAt[index] ?? stored.createdAt }
      const raw = { userId, platform, rawId, dataType, text: '', metadata, ...at }
      await storeOthers(services, tx, { raw, records })
    }
    if (days.length > 0) await services.queueRebuild(tx, userId, days)
    const rejected = prepared.reduce((sum, { records }) => sum + records.rejected.length, 0)
    if (rejected > 0) services.countRejected(platform, rejected)
  }
}

function read(normalize: Normalize | undefined, { payload, metadata }: ArrivingPayload, now: Date): Records {
  if (normalize === undefined) return { rejected: [{ position: 0, reason: 'no normalizer for this kind of payload' }] }
  try {
    return checkRecords(normalize(payload, metadata), now)
  } catch (error) {
    if (!(error instanceof AppError) || error.spec.retry) throw error
    return { rejected: [{ position: 0, reason: [error.code, error.facts['problem']].filter(Boolean).join(': ') }] }
  }
}

interface ChosenSample {
  readonly sample: SampleRecord
  /** The payload it is from, from 1. */
  readonly raw: number
}

/** One statement writes a row once; of two payloads that tell the same record the one with the greater id counts, as it does one by one. */
function chooseSamples(prepared: readonly Prepared[]): readonly ChosenSample[] {
  const chosen = new Map<string, ChosenSample>()
  for (const [index, { rawId, records }] of prepared.entries()) {
    for (const sample of records.samples ?? []) {
      const { kind, startedAt, endedAt, source, variant } = sample
      const key = `${kind}\n${startedAt.getTime()}\n${endedAt.getTime()}\n${source}\n${variant}`
      const known = chosen.get(key)
      const isGreater = known === undefined || rawId >= (prepared[known.raw - 1]?.rawId ?? '')
      if (isGreater) chosen.set(key, { sample, raw: index + 1 })
    }
  }
  return [...chosen.values()]
}

interface SampleBatch {
  readonly userId: string
  readonly platform: string
  readonly prepared: readonly Prepared[]
  readonly samples: readonly ChosenSample[]
  readonly stored: StoredBatch
}

async function storeSampleBatch(
  tx: Tx,
  { userId, platform, prepared, samples, stored }: SampleBatch,
): Promise<readonly string[]> {
  if (samples.length === 0) return []
  const { rows } = await tx.query<{ days: string[] }>(sql`
    select ops.store_sample_batch(${userId}::uuid, ${platform}, ${stored.createdAt}::timestamptz,
      ${prepared.map(({ rawId }) => rawId)}::uuid[], ${stored.receivedAt}::timestamptz[],
      ${samples.map(({ raw }) => raw)}::integer[], ${samples.map(({ sample }) => sample.kind)}::text[],
      ${samples.map(({ sample }) => sample.startedAt.getTime())}::bigint[],
      ${samples.map(({ sample }) => sample.endedAt.getTime())}::bigint[],
      ${samples.map(({ sample }) => sample.offsetSeconds)}::integer[], ${samples.map(({ sample }) => sample.value)}::numeric[],
      ${samples.map(({ sample }) => sample.source)}::text[], ${samples.map(({ sample }) => sample.variant)}::text[],
      ${samples.map(({ sample }) => sample.sourceId)}::text[], ${samples.map(({ sample }) => sample.manual)}::boolean[])::text[] as days`)
  return rows[0]?.days ?? []
}

/** What is not a sample goes the usual way, and so do spans and deletions of samples. */
async function storeOthers(
  services: NormalizationServices,
  tx: Tx,
  { raw, records }: { raw: RawData; records: Records },
): Promise<void> {
  const { samples: _stored, rejected, ...others } = records
  if (Object.values(others).some((list) => list.length > 0))
    await replaceRecords(services, tx, { raw, records: { ...others, rejected } })
  else if (rejected.length > 0) await storeRejections(tx, raw, rejected)
}
