import { z } from 'zod'
import { syncNow } from '../ingestion/start-sync.ts'
import type { Platforms } from '../platforms/contract.ts'
import type { Database } from '../runtime/db.ts'
import { defineAction } from './define-action.ts'

export const syncNowAction = defineAction({
  name: 'syncNow',
  input: z.object({ platform: z.string() }),
  async run({ platform }, { userId }, services: { db: Database; platforms: Platforms }) {
    const { runId } = await syncNow(services, { userId, platform, askedBy: 'person' })
    return { syncRunId: runId }
  },
})
