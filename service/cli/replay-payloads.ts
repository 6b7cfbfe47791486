import { loadConfig } from '../config.ts'
import { normalizeRaw } from '../normalization/normalize-raw-data.task.ts'
import type { RawKey } from '../normalization/raw-key.ts'
import type { Database } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'
import { wire } from '../wiring.ts'

export interface ReplaySelection {
  /** One payload; undefined: all that the other fields leave. */
  readonly rawId: string | undefined
  readonly platform: string | undefined
  readonly dataType: string | undefined
}

const BATCH = 500

/**
 * Normalizes stored payloads again, oldest first, for one or for all: with the same normalizers it changes nothing, after a fix exactly
 * what the fix affects. Answers what it did, as lines. Throws Error when the one payload does not exist.
 */
export async function replayPayloads(selection: ReplaySelection, onProgress: (done: number) => void): Promise<string> {
  const { db, normalization } = wire(await loadConfig(), 'cli')
  const totals = { payloads: 0, rejected: 0, days: new Set<string>() }
  try {
    for await (const key of findKeys(db, selection)) {
      const result = await normalizeRaw(normalization, key, { replay: true })
      totals.payloads += 1
      totals.rejected += result?.rejected ?? 0
      for (const day of result?.days ?? []) totals.days.add(`${key.userId} ${day}`)
      onProgress(totals.payloads)
    }
  } finally {
    await db.close()
  }
  if (selection.rawId !== undefined && totals.payloads === 0) throw new Error(`no payload ${selection.rawId}`)
  return `${totals.payloads} payloads read again, ${totals.rejected} records rejected, ${totals.days.size} days changed\n`
}

async function* findKeys(db: Database, { rawId, platform, dataType }: ReplaySelection): AsyncGenerator<RawKey> {
  let after: RawKey | undefined
  for (;;) {
    const { rows } = await db.query<RawKey>(sql`
      select r.user_id as "userId", r.created_at::text as "createdAt", r.id as "rawId" from public.raw_fitness_data r
      where (${rawId ?? null}::uuid is null or r.id = ${rawId ?? null}::uuid)
        and (${platform ?? null}::text is null or r.platform = ${platform ?? null})
        and (${dataType ?? null}::text is null or r.data_type = ${dataType ?? null})
        and (${after === undefined} or (r.user_id, r.created_at, r.id)
          > (${after?.userId ?? null}::uuid, ${after?.createdAt ?? null}::timestamptz, ${after?.rawId ?? null}::uuid))
      order by r.user_id, r.created_at, r.id limit ${BATCH}`)
    yield* rows
    after = rows.at(-1)
    if (after === undefined) return
  }
}
