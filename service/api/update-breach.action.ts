import { z } from 'zod'
import { updateBreach } from '../compliance/breach/breaches.ts'
import type { BreachServices } from '../compliance/breach/services.ts'
import { defineAction } from './define-action.ts'
import { insiderOf } from './insider.ts'

const text = z
  .string()
  .trim()
  .max(10_000)
  .nullish()
  .transform((value) => value ?? null)
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? null)

export const updateBreachAction = defineAction({
  name: 'updateBreach',
  roles: ['auditor', 'operator'],
  input: z.object({
    breachId: z.uuid(),
    risk: z
      .enum(['unlikely', 'some', 'high'])
      .nullish()
      .transform((value) => value ?? null),
    unreadable: flag,
    keysExposed: flag,
    consequences: text,
    measures: text,
    close: z.boolean().nullish().transform(Boolean),
  }),
  run: (change, caller, services: BreachServices) => updateBreach(services, change, insiderOf(caller)),
})
