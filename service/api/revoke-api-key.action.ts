import { z } from 'zod'
import { type KeyServices, revokeApiKey } from '../access/api-keys.ts'
import { defineAction } from './define-action.ts'
import { keyManager } from './key-manager.ts'

export const revokeApiKeyAction = defineAction({
  name: 'revokeApiKey',
  roles: ['user', 'operator'],
  input: z.object({ id: z.uuid() }),
  async run({ id }, caller, services: KeyServices) {
    const { revokedAt } = await revokeApiKey(services, keyManager(caller), id)
    return { id, revokedAt: revokedAt.toISOString() }
  },
})
