import { z } from 'zod'
import type { Database } from '../runtime/db.ts'
import { defineTask } from '../runtime/jobs.ts'
import { deleteOldLetters, lockDueLetters, reviveLetters } from './queries.ts'

const AT_ONCE = 500
const KEPT_DAYS = 90

/** What died of something that may have passed is tried again when its time has come: nobody is needed for a platform's bad night. */
export const reviveDueLetters = defineTask<{ readonly db: Database }>()({
  identifier: 'revive_dead_letters',
  payload: z.unknown(),
  jobKey: () => 'revive_dead_letters',
  async run(_payload, { db }) {
    await db.transaction(async (tx) => reviveLetters(tx, await lockDueLetters(tx, AT_ONCE)))
    await deleteOldLetters(db, KEPT_DAYS)
    return undefined
  },
})
