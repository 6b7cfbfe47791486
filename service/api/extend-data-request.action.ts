import { z } from 'zod'
import { extendRequest } from '../compliance/requests/requests.ts'
import { actorOf } from './actor-of.ts'
import { defineAction } from './define-action.ts'
import type { RequestActionServices } from './record-data-request.action.ts'

export const extendDataRequestAction = defineAction({
  name: 'extendDataRequest',
  roles: ['operator'],
  input: z.object({ id: z.uuid(), reason: z.string().trim().min(10).max(1000) }),
  async run({ id, reason }, caller, services: RequestActionServices) {
    const actor = actorOf(caller)
    const { dueAt } = await services.db.transaction((tx) => extendRequest(services, tx, { id, reason, actor }))
    return { id, dueAt: dueAt.toISOString() }
  },
})
