import { z } from 'zod'
import { answerRequest } from '../compliance/requests/requests.ts'
import { actorOf } from './actor-of.ts'
import { defineAction } from './define-action.ts'
import type { RequestActionServices } from './record-data-request.action.ts'

export const answerDataRequestAction = defineAction({
  name: 'answerDataRequest',
  roles: ['operator'],
  input: z.object({
    id: z.uuid(),
    status: z.enum(['in_progress', 'completed', 'refused', 'cancelled']),
    reason: z.string().trim().min(10).max(1000).nullish(),
  }),
  async run({ id, status, reason }, caller, services: RequestActionServices) {
    const answer = { id, status, actor: actorOf(caller), ...(reason == null ? {} : { reason }) }
    await services.db.transaction((tx) => answerRequest(services, tx, answer))
    return { id, status }
  },
})
