import { z } from 'zod'
import { cancelSync } from '../ingestion/cancel-sync.ts'
import type { Database } from '../runtime/db.ts'
import { defineAction } from './define-action.ts'

export const cancelSyncAction = defineAction({
  name: 'cancelSync',
  input: z.object({ runId: z.uuid() }),
  async run({ runId }, { userId }, { db }: { db: Database }) {
    return { syncRunId: runId, status: await cancelSync(db, { userId, runId }) }
  },
})
