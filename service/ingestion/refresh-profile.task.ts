import { z } from 'zod'
import type { PlatformApi, ProfileRequest } from '../platforms/contract.ts'
import type { Db } from '../runtime/db.ts'
import { defineTask, type JobResult, PRIORITY } from '../runtime/jobs.ts'
import { sql } from '../runtime/sql.ts'
import { requestWith } from './request-platform.ts'
import { apiOf, type ConnectionKey, type IngestionServices } from './services.ts'
import { requireConsent, storeRaw } from './store-raw.ts'

/** After how many hours it is asked again: after an import, and when the platform says that something changed. */
export const PROFILE_HOURS = { daily: 20, changed: 1 } as const

/** What the account says of the person. What is fresh, or from before this connection, is told apart by the payloads that are here. */
export const refreshProfile = defineTask<IngestionServices>()({
  identifier: 'refresh_profile',
  payload: z.object({ userId: z.uuid(), platform: z.string(), hours: z.number().positive() }),
  jobKey: ({ userId, platform }) => `refresh_profile:${platform}:${userId}`,
  priority: PRIORITY.enrichment,
  maxAttempts: 5,
  async run({ hours, ...key }, services): Promise<JobResult> {
    const { api } = apiOf(services.platforms, key.platform)
    const granted = await services.findGrantedScopes(key)
    for (const part of api.profile ?? []) {
      if (part.scope !== undefined && !granted.includes(part.scope)) continue
      if (await isFresh(services.db, key, { dataType: part.dataType, hours })) continue
      const until = await refresh(services, { key, api, part })
      if (until !== undefined) return { runAgainAt: until }
    }
    return undefined
  },
})

interface Part {
  readonly key: ConnectionKey
  readonly api: PlatformApi
  readonly part: ProfileRequest
}

/** Answers when to come again, where the request limit is reached. */
async function refresh(services: IngestionServices, { key, api, part }: Part): Promise<Date | undefined> {
  const { dataType, request, scope } = part
  // A scope that nothing depends on does not make the connection limited.
  const reply = await requestWith(services, { key, request, urgency: 'enrichment' }, (answer) =>
    scope !== undefined && api.classify(answer).kind === 'scope_missing' ? 'refused' : undefined,
  )
  if (reply.kind === 'wait') return reply.until
  if (reply.kind !== 'ok') return undefined
  const metadata = { from: 'profile', fetched_at: new Date().toISOString() }
  await services.db.transaction(async (tx) => {
    await requireConsent(tx, key)
    await storeRaw(tx, { ...key, dataType, text: reply.text, metadata })
  })
  return undefined
}

async function isFresh(
  db: Db,
  { userId, platform }: ConnectionKey,
  { dataType, hours }: { dataType: string; hours: number },
): Promise<boolean> {
  const { rowCount } = await db.query(sql`
    select from public.raw_fitness_data r
    join public.connections c on c.user_id = r.user_id and c.platform = r.platform
    where r.user_id = ${userId}::uuid and r.platform = ${platform} and r.data_type = ${dataType}
      and r.created_at > greatest(now() - make_interval(hours => ${hours}::integer), c.connected_at)
    limit 1`)
  return rowCount > 0
}
