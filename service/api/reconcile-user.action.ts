import { z } from 'zod'
import { type ReconcileServices, reconcileUser } from '../ingestion/reconcile-user.ts'
import { defineAction } from './define-action.ts'

export const reconcileUserAction = defineAction({
  name: 'reconcileUser',
  roles: ['operator'],
  input: z.object({ userId: z.uuid() }),
  run: async ({ userId }, { checkPlatform }, services: ReconcileServices) => [
    ...(await reconcileUser(services, { userId, askedBy: 'operator', checkPlatform })),
  ],
})
