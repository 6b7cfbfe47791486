import { z } from 'zod'
import { type EmergencyServices, readAsEmergency } from '../compliance/emergency/emergency-access.ts'
import { defineAction } from './define-action.ts'
import { insiderOf } from './insider.ts'

export const readAsEmergencyAction = defineAction({
  name: 'readAsEmergency',
  roles: ['auditor', 'operator'],
  input: z.object({
    id: z.uuid(),
    dataset: z.string(),
    limit: z.int().min(1).max(1000).nullish(),
    offset: z.int().min(0).nullish(),
  }),
  async run({ id, dataset, limit, offset }, caller, services: EmergencyServices) {
    const page = { limit: limit ?? 100, offset: offset ?? 0 }
    const { rows } = await readAsEmergency(services, insiderOf(caller), { id, dataset, ...page })
    return { rows }
  },
})
