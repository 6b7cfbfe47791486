import { defineTask, PRIORITY } from '../runtime/jobs.ts'
import { findRawData, isNormalizedOnArrival, lockConsent } from './queries.ts'
import { RawKey } from './raw-key.ts'
import { readPayload } from './read-payload.ts'
import { replaceRecords } from './replace-records.ts'
import type { NormalizationServices } from './services.ts'

/** Turns one payload into rows. The same payload twice gives the same rows. */
export const normalizeRawData = defineTask<NormalizationServices>()({
  identifier: 'normalize_raw_data',
  payload: RawKey,
  jobKey: ({ rawId }) => `normalize_raw_data:${rawId}`,
  priority: PRIORITY.normal,
  async run(key, services) {
    if (!(await isNormalizedOnArrival(services.db, key))) await normalizeRaw(services, key)
    return undefined
  },
})

export interface Normalized {
  readonly platform: string
  readonly rejected: number
  /** The local days whose numbers may have changed. */
  readonly days: readonly string[]
}

/**
 * Undefined when the payload is no longer there, erased with its owner before we got here, and while there is no consent: the sweep finds
 * what waits when there is one again.
 */
export async function normalizeRaw(
  services: NormalizationServices,
  key: RawKey,
  { replay = false }: { replay?: boolean } = {},
): Promise<Normalized | undefined> {
  const raw = await findRawData(services.db, key)
  if (raw === undefined) return undefined
  const records = readPayload(services.platforms.get(raw.platform)?.normalize[raw.dataType], raw, new Date())
  await services.ensureSamplePartitions(records.samples ?? [])
  const days = await services.db.transaction(async (tx) =>
    (await lockConsent(tx, raw)) ? replaceRecords(services, tx, { raw, records, replay }) : undefined,
  )
  if (days === undefined) return undefined
  const rejected = records.rejected.length
  if (rejected > 0) services.countRejected(raw.platform, rejected)
  return { platform: raw.platform, rejected, days }
}
