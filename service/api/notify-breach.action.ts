import { z } from 'zod'
import { notifyBreach } from '../compliance/breach/breaches.ts'
import type { BreachServices } from '../compliance/breach/services.ts'
import { defineAction } from './define-action.ts'
import { insiderOf } from './insider.ts'

export const notifyBreachAction = defineAction({
  name: 'notifyBreach',
  roles: ['operator'],
  input: z.object({
    breachId: z.uuid(),
    subject: z
      .string()
      .trim()
      .min(5)
      .max(200)
      .regex(/^[^\r\n]*$/, 'must be one line'),
    text: z.string().trim().min(20).max(20_000),
  }),
  run: (notice, caller, services: BreachServices) => notifyBreach(services, notice, insiderOf(caller)),
})
