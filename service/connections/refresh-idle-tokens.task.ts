import { z } from 'zod'
import type { Db, Tx } from '../runtime/db.ts'
import { defineTask, enqueue, PRIORITY } from '../runtime/jobs.ts'
import { sql } from '../runtime/sql.ts'
import type { RefreshServices } from './refresh-tokens.ts'
import { renewIdleTokens } from './renew-idle-tokens.task.ts'

/** At most so many of each platform in an hour, evenly spread: 12,000 a day. */
const MOST_PER_RUN = 500
const SPREAD_MS = 60 * 60_000

/** Tokens that nobody used die at the platform after a while: they are renewed long before, the longest unused first. */
export const refreshIdleTokens = defineTask<RefreshServices>()({
  identifier: 'refresh_idle_tokens',
  payload: z.unknown(),
  jobKey: () => 'refresh_idle_tokens',
  async run(_payload, { db, platforms }) {
    for (const [platform, { oauth }] of platforms) {
      if (oauth?.refreshIdleAfterDays !== undefined) await queueIdle(db, platform, oauth.refreshIdleAfterDays)
    }
    return undefined
  },
})

async function queueIdle(db: RefreshServices['db'], platform: string, idleDays: number): Promise<void> {
  const userIds = await findIdle(db, platform, idleDays)
  await db.transaction(async (tx: Tx) => {
    for (const [index, userId] of userIds.entries()) {
      const runAt = new Date(Date.now() + (index * SPREAD_MS) / userIds.length)
      await enqueue(tx, renewIdleTokens, { payload: { userId, platform }, runAt, priority: PRIORITY.enrichment })
    }
  })
}

async function findIdle(db: Db, platform: string, idleDays: number): Promise<readonly string[]> {
  const { rows } = await db.query<{ userId: string }>(sql`
    select t.user_id as "userId" from vault.tokens t
    join public.connections c on c.user_id = t.user_id and c.platform = t.platform
    where t.platform = ${platform} and c.status in ('active', 'limited') and t.refresh_token_sealed is not null
      and ops.has_consent(c.user_id, c.platform)
      and t.updated_at < now() - make_interval(days => ${idleDays}::integer)
    order by t.updated_at limit ${MOST_PER_RUN}::integer`)
  return rows.map(({ userId }) => userId)
}
