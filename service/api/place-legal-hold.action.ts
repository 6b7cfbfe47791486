import { z } from 'zod'
import { type HoldServices, placeHold } from '../compliance/hold/legal-hold.ts'
import { defineAction } from './define-action.ts'
import { insiderOf } from './insider.ts'

/** Without a person it holds everybody's data. */
export const placeLegalHoldAction = defineAction({
  name: 'placeLegalHold',
  roles: ['auditor', 'operator'],
  input: z.object({ userId: z.uuid().nullish(), reason: z.string().trim().min(10).max(1000) }),
  run: ({ userId, reason }, caller, services: HoldServices) =>
    placeHold(services, { userId: userId ?? null, reason, actor: insiderOf(caller) }),
})
