import { z } from 'zod'
import { type HoldServices, releaseHold } from '../compliance/hold/legal-hold.ts'
import { defineAction } from './define-action.ts'
import { insiderOf } from './insider.ts'

export const releaseLegalHoldAction = defineAction({
  name: 'releaseLegalHold',
  roles: ['auditor', 'operator'],
  input: z.object({ holdId: z.uuid(), reason: z.string().trim().min(10).max(1000) }),
  run: ({ holdId, reason }, caller, services: HoldServices) =>
    releaseHold(services, { holdId, reason, actor: insiderOf(caller) }),
})
