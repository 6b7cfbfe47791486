import { z } from 'zod'
import type { Database, Tx } from '../runtime/db.ts'
import { defineTask, PRIORITY } from '../runtime/jobs.ts'
import { sql } from '../runtime/sql.ts'

export interface PolicyServices {
  readonly db: Database
  /** Has the summaries of these days rebuilt, in the same transaction or not at all. */
  readonly queueRebuild: (tx: Tx, userId: string, localDays: readonly string[]) => Promise<void>
  readonly countPolicyEffect: (platform: string, effect: string, records: number) => void
}

interface Effect {
  readonly effect: string
  readonly records: number
  readonly days: readonly string[]
}

/** One person's data of one platform: what is due is decided again in the transaction that deletes it. */
export const enforcePolicy = defineTask<PolicyServices>()({
  identifier: 'enforce_policy',
  payload: z.object({ userId: z.uuid(), platform: z.string() }),
  jobKey: ({ userId, platform }) => `enforce_policy:${userId}:${platform}`,
  priority: PRIORITY.history,
  async run({ userId, platform }, { db, queueRebuild, countPolicyEffect }) {
    const effects = await db.transaction(async (tx) => {
      // Placed since the job was queued; a court's order goes before a contract.
      const { rows: held } = await tx.query<{ held: boolean }>(sql`select ops.is_held(${userId}::uuid) as held`)
      if (held[0]?.held === true) return []
      const { rows } = await tx.query<Effect>(sql`
        select e.effect, e.records::integer as records, e.days::text[] as days
        from ops.enforce_policy(${userId}::uuid, ${platform}) e`)
      const days = new Set(rows.flatMap((row) => row.days))
      if (days.size > 0) await queueRebuild(tx, userId, [...days])
      return rows
    })
    for (const { effect, records } of effects) countPolicyEffect(platform, effect, records)
    return undefined
  },
})
