import { z } from 'zod'
import { type RequestServices, requestErasure } from '../compliance/erasure/request-erasure.ts'
import { defineAction } from './define-action.ts'

export const erasePersonAction = defineAction({
  name: 'erasePerson',
  roles: ['operator'],
  input: z.object({ userId: z.uuid(), reason: z.string().trim().min(10).max(1000) }),
  async run({ userId, reason }, { userId: operatorId }, services: RequestServices) {
    const actor = { kind: 'operator', id: operatorId } as const
    const { erasesAt, ...requested } = await requestErasure(services, { userId, reason, actor })
    return { ...requested, erasesAt: erasesAt.toISOString() }
  },
})
