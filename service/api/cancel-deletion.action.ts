import { z } from 'zod'
import { cancelErasure } from '../compliance/erasure/request-erasure.ts'
import type { ErasureServices } from '../compliance/erasure/services.ts'
import { defineAction } from './define-action.ts'

export const cancelDeletionAction = defineAction({
  name: 'cancelDeletion',
  input: z.object({ requestId: z.uuid() }),
  run: ({ requestId: id }, { userId }, services: Pick<ErasureServices, 'db' | 'audit'>) =>
    cancelErasure(services, { id, userId, actor: { kind: 'user', id: userId } }),
})
