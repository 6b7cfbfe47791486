import type { LongLists, Platforms } from '../platforms/contract.ts'
import { letGo, letGoOfText } from '../runtime/flat-memory.ts'
import { defineTask, type JobResult, PRIORITY } from '../runtime/jobs.ts'
import { comeAgainAt } from '../runtime/one-at-a-time.ts'
import { findRawData, findRawState, lockConsent } from './queries.ts'
import { RawKey } from './raw-key.ts'
import { MOST_ELEMENTS, readLongPayload } from './read-long-payload.ts'
import { readPayload } from './read-payload.ts'
import { replaceRecords } from './replace-records.ts'
import { monthsOf } from './sample-partitions.ts'
import type { NormalizationServices } from './services.ts'

/** Turns one payload into rows. The same payload twice gives the same rows. */
export const normalizeRawData = defineTask<NormalizationServices>()({
  identifier: 'normalize_raw_data',
  payload: RawKey,
  jobKey: ({ rawId }) => `normalize_raw_data:${rawId}`,
  priority: PRIORITY.normal,
  async run(key, services): Promise<JobResult> {
    const state = await findRawState(services.db, key)
    if (state === undefined || state.isProcessed) return undefined
    if (state.storedBytes < LARGE_BYTES) {
      await normalizeRaw(services, key)
      return undefined
    }
    const done = await services.turns.take(() => normalizeRaw(services, key))
    letGo(state.storedBytes * LIVELY)
    return done === 'busy' ? { runAgainAt: comeAgainAt() } : undefined
  },
})

// As they rest, compressed: some 100 kB of JSON, which take a few megabytes while they become rows.
const LARGE_BYTES = 16 * 1024
/** What a payload takes outside the heap on its way, against what it takes where it rests. */
const LIVELY = 20

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
  const raw = await findRawData(services.db, key, {
    longLists: longListsOf(services.platforms),
    mostElements: MOST_ELEMENTS,
  })
  if (raw === undefined) return undefined
  const normalize = services.platforms.get(raw.platform)?.normalize[raw.dataType]
  const { longList: list } = raw
  const records =
    list === null || normalize === undefined
      ? readPayload(normalize, raw, new Date())
      : await readLongPayload(services.db, { raw, list, normalize }, new Date())
  letGoOfText(raw.text.length)
  await services.ensureSamplePartitions(monthsOf(records.samples ?? []))
  const days = await services.db.transaction(async (tx) =>
    (await lockConsent(tx, raw)) ? replaceRecords(services, tx, { raw, records, replay }) : undefined,
  )
  letGoOfText(raw.text.length)
  if (days === undefined) return undefined
  const rejected = records.rejected.length
  if (rejected > 0) services.countRejected(raw.platform, rejected)
  return { platform: raw.platform, rejected, days }
}

function longListsOf(platforms: Platforms): Readonly<Record<string, LongLists>> {
  return Object.fromEntries(
    [...platforms.values()].flatMap(({ id, longLists }) => (longLists ? [[id, longLists]] : [])),
  )
}
