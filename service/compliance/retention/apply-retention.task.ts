import { z } from 'zod'
import type { RecordAudit } from '../../runtime/audit-event.ts'
import type { Database } from '../../runtime/db.ts'
import { defineTask } from '../../runtime/jobs.ts'
import { EXPIRE } from './queries.ts'
import type { Retainable, Retention } from './settings.ts'

export interface RetentionServices {
  readonly db: Database
  readonly audit: RecordAudit
  readonly retention: Retention
  /** What left the database for archives before it was so old; answers how many rows. */
  readonly expireArchives: (kind: Retainable, days: number) => Promise<number>
}

/** Each kind in a transaction of its own: one that cannot be deleted today keeps none of the others. */
export const applyRetention = defineTask<RetentionServices>()({
  identifier: 'apply_retention',
  payload: z.unknown(),
  jobKey: () => 'apply_retention',
  async run(_payload, services) {
    const kinds = Object.entries(services.retention) as [Retainable, number][]
    const failures: unknown[] = []
    for (const [kind, days] of kinds) await expire(services, kind, days).catch((error: unknown) => failures.push(error))
    if (failures.length > 0) throw failures[0]
    return undefined
  },
})

async function expire({ db, audit, expireArchives }: RetentionServices, kind: Retainable, days: number): Promise<void> {
  const archived = await expireArchives(kind, days)
  await db.transaction(async (tx) => {
    const rows = archived + (await EXPIRE[kind](tx, days))
    if (rows === 0) return
    await audit(tx, {
      action: 'retention.applied',
      actor: { kind: 'system', id: null },
      subjectUserId: null,
      outcome: 'success',
      details: { kind, days, rows },
    })
  })
}
