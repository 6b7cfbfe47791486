import { z } from 'zod'
import { type CancelServices, cancelErasure } from '../compliance/erasure/request-erasure.ts'
import { defineAction } from './define-action.ts'

export const cancelDeletionAction = defineAction({
  name: 'cancelDeletion',
  input: z.object({ requestId: z.uuid() }),
  run: ({ requestId: id }, { userId }, services: CancelServices) =>
    cancelErasure(services, { id, userId, actor: { kind: 'user', id: userId } }),
})
