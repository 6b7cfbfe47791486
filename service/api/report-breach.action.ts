import { z } from 'zod'
import { BreachScope } from '../compliance/breach/affected.ts'
import { reportBreach } from '../compliance/breach/breaches.ts'
import type { BreachServices } from '../compliance/breach/services.ts'
import { defineAction } from './define-action.ts'
import { insiderOf } from './insider.ts'

/** What `reportBreach` and `tributary breach report` take. */
export const ReportedBreachInput = z.object({
  description: z.string().trim().min(10).max(10_000),
  awareAt: z.iso.datetime({ offset: true }),
  risk: z.enum(['unlikely', 'some', 'high']),
  unreadable: z.boolean().nullish().transform(Boolean),
  keysExposed: z.boolean().nullish().transform(Boolean),
  consequences: z
    .string()
    .trim()
    .max(10_000)
    .nullish()
    .transform((text) => text ?? null),
  measures: z
    .string()
    .trim()
    .max(10_000)
    .nullish()
    .transform((text) => text ?? null),
  scope: BreachScope,
})

export const reportBreachAction = defineAction({
  name: 'reportBreach',
  roles: ['auditor', 'operator'],
  input: ReportedBreachInput,
  run: (breach, caller, services: BreachServices) => reportBreach(services, breach, insiderOf(caller)),
})
