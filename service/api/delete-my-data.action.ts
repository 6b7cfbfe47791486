import { z } from 'zod'
import { deleteMyData, type RequestServices } from '../compliance/erasure/request-erasure.ts'
import { defineAction } from './define-action.ts'

export const deleteMyDataAction = defineAction({
  name: 'deleteMyData',
  endsConsent: true,
  input: z.object({ confirm: z.string() }),
  async run({ confirm }, { userId }, services: RequestServices) {
    const { erasesAt, ...requested } = await deleteMyData(services, { userId, confirm })
    return { ...requested, erasesAt: erasesAt.toISOString() }
  },
})
