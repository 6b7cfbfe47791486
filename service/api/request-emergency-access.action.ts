import { z } from 'zod'
import { type EmergencyServices, requestEmergencyAccess } from '../compliance/emergency/emergency-access.ts'
import { defineAction } from './define-action.ts'
import { insiderOf } from './insider.ts'

export const requestEmergencyAccessAction = defineAction({
  name: 'requestEmergencyAccess',
  roles: ['auditor', 'operator'],
  input: z.object({
    userId: z.uuid(),
    reason: z.string().trim().min(10).max(1000),
    minutes: z.int().min(1).max(60),
  }),
  run: (input, caller, services: EmergencyServices) => requestEmergencyAccess(services, insiderOf(caller), input),
})
