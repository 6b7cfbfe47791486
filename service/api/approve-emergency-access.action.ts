import { z } from 'zod'
import { approveEmergencyAccess, type EmergencyServices } from '../compliance/emergency/emergency-access.ts'
import { defineAction } from './define-action.ts'
import { insiderOf } from './insider.ts'

export const approveEmergencyAccessAction = defineAction({
  name: 'approveEmergencyAccess',
  roles: ['auditor', 'operator'],
  input: z.object({ id: z.uuid() }),
  async run({ id }, caller, services: EmergencyServices) {
    const { expiresAt } = await approveEmergencyAccess(services, insiderOf(caller), id)
    return { id, expiresAt: expiresAt.toISOString() }
  },
})
