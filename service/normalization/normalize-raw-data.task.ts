import type { Platforms } from '../platforms/contract.ts'
import type { Records } from '../platforms/records.ts'
import { AppError } from '../runtime/errors.ts'
import { defineTask, PRIORITY } from '../runtime/jobs.ts'
import { parseJson } from '../runtime/json.ts'
import { checkRecords } from './check-records.ts'
import { findRawData, type RawData } from './queries.ts'
import { RawKey } from './raw-key.ts'
import { replaceRecords } from './replace-records.ts'
import type { NormalizationServices } from './services.ts'

/** Turns one payload into rows. The same payload twice gives the same rows. */
export const normalizeRawData = defineTask<NormalizationServices>()({
  identifier: 'normalize_raw_data',
  payload: RawKey,
  jobKey: ({ rawId }) => `normalize_raw_data:${rawId}`,
  priority: PRIORITY.normal,
  async run(key, services) {
    const raw = await findRawData(services.db, key)
    if (raw === undefined) return undefined // erased with its owner before we got here
    const records = checkRecords(toRecords(services.platforms, raw), new Date())
    await services.ensureSamplePartitions(records.samples ?? [])
    await services.db.transaction((tx) => replaceRecords(services, tx, { raw, records }))
    if (records.rejected.length > 0) services.countRejected(raw.platform, records.rejected.length)
    return undefined
  },
})

/** A payload that cannot be read at all is rejected as a whole: kept, marked, and not tried again until a replay. */
function toRecords(platforms: Platforms, raw: RawData): Records {
  const normalize = platforms.get(raw.platform)?.normalize[raw.dataType]
  if (normalize === undefined) return rejected(`no normalizer for ${raw.dataType}`)
  try {
    return normalize(parseJson(raw.text), raw.metadata)
  } catch (error) {
    if (error instanceof AppError && !error.spec.retry) return rejected(error.code)
    throw error
  }
}

function rejected(reason: string): Records {
  return { rejected: [{ position: 0, reason }] }
}
