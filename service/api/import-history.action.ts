import { z } from 'zod'
import { type SyncServices, startHistory } from '../ingestion/start-sync.ts'
import { defineAction } from './define-action.ts'

export const importHistoryAction = defineAction({
  name: 'importHistory',
  input: z.object({ platform: z.string(), years: z.int().min(1).max(100) }),
  async run({ platform, years }, { userId }, services: SyncServices) {
    const { runId } = await startHistory(services, { userId, platform, years, askedBy: 'person' })
    return { syncRunId: runId }
  },
})
