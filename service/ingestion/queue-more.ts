import type { PlatformApi } from '../platforms/contract.ts'
import type { Tx } from '../runtime/db.ts'
import { enqueue } from '../runtime/jobs.ts'
import { enrichActivities } from './enrich-activities.task.ts'
import { PROFILE_HOURS, refreshProfile } from './refresh-profile.task.ts'
import { insertRun } from './runs.ts'
import type { ConnectionKey } from './services.ts'

const ENRICHMENT_DELAY_MS = 5_000
/** Nobody waits for it: what people did comes first. */
const PROFILE_DELAY_MS = 60_000

/** What a list of activities does not tell: their details, where it had news, and what the account says of the person. */
export async function queueMore(
  tx: Tx,
  { userId, platform, until }: ConnectionKey & { readonly until: Date },
  { api, news }: { api: PlatformApi; news: boolean },
): Promise<void> {
  if (api.profile !== undefined)
    await enqueue(tx, refreshProfile, {
      payload: { userId, platform, hours: PROFILE_HOURS.daily },
      runAt: new Date(Date.now() + PROFILE_DELAY_MS),
    })
  if (api.enrichment === undefined || !news) return
  const asked = { userId, platform, kind: 'enrichment', since: until, until, cursor: {}, askedBy: 'schedule' } as const
  const { runId, started } = await insertRun(tx, asked)
  const payload = { userId, runId }
  if (started) await enqueue(tx, enrichActivities, { payload, runAt: new Date(Date.now() + ENRICHMENT_DELAY_MS) })
}
