import { z } from 'zod'
import { recordBreachNotice } from '../compliance/breach/breaches.ts'
import type { BreachServices } from '../compliance/breach/services.ts'
import { defineAction } from './define-action.ts'
import { insiderOf } from './insider.ts'

export const recordBreachNoticeAction = defineAction({
  name: 'recordBreachNotice',
  roles: ['auditor', 'operator'],
  input: z.object({
    breachId: z.uuid(),
    rule: z.string().max(100),
    reference: z.string().trim().min(1).max(500),
    lateReason: z
      .string()
      .trim()
      .min(10)
      .max(2000)
      .nullish()
      .transform((text) => text ?? null),
  }),
  run: (notice, caller, services: BreachServices) => recordBreachNotice(services, notice, insiderOf(caller)),
})
