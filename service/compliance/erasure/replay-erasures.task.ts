import { z } from 'zod'
import type { Database } from '../../runtime/db.ts'
import { defineTask } from '../../runtime/jobs.ts'
import type { ObjectStore } from '../../runtime/object-store.ts'
import { sql } from '../../runtime/sql.ts'
import { findErased, takeOverErasures } from '../../vault/backup/erasure-ledger.ts'
import { insertErasure } from './register-queries.ts'
import { queueErasure } from './request-erasure.ts'

export interface ReplayServices {
  readonly db: Database
  /** Beside the backups; undefined: none are kept. */
  readonly store: ObjectStore | undefined
}

/**
 * Erases again whom a restored database brought back: the ledger beside the backups knows them. Answers how many people that were.
 * Every few minutes, and by `erasure replay` right after a restore.
 */
export async function replayErased({ db, store }: ReplayServices): Promise<number> {
  const erased = store === undefined ? new Set<string>() : await findErased({ db, store })
  return db.transaction(async (tx) => {
    if (store !== undefined) await takeOverErasures(tx, { store, erased })
    const { rows } = await tx.query<{ userId: string }>(sql`
      select u.user_id as "userId" from public.app_users u
      join ops.erasure_tombstones t on t.digest = ops.person_digest(u.user_id)
      where not exists (select from public.erasures e where e.user_id = u.user_id and e.status in ('requested', 'erasing'))`)
    for (const { userId } of rows) {
      await tx.query(sql`
        update ops.erasure_tombstones set refused = refused + 1, last_refused_at = now() where digest = ops.person_digest(${userId}::uuid)`)
      const { id } = await insertErasure(tx, { userId, channel: 'replay', requestedBy: null, graceHours: 0 })
      await queueErasure(tx, id)
    }
    return rows.length
  })
}

export const replayErasures = defineTask<ReplayServices>()({
  identifier: 'replay_erasures',
  payload: z.unknown(),
  jobKey: () => 'replay_erasures',
  async run(_payload, services) {
    await replayErased(services)
    return undefined
  },
})
