import { z } from 'zod'
import { batchSync, MOST_AT_ONCE } from '../ingestion/batch-sync.ts'
import type { SyncServices } from '../ingestion/start-sync.ts'
import { defineAction } from './define-action.ts'

export const batchSyncAction = defineAction({
  name: 'batchSync',
  roles: ['operator'],
  input: z.object({ userIds: z.array(z.uuid()).min(1).max(MOST_AT_ONCE), platform: z.string() }),
  async run(input, _caller, services: SyncServices) {
    const { started, rejected } = await batchSync(services, input)
    return { started, rejected: [...rejected] }
  },
})
