import { z } from 'zod'
import { createApiKey, KEY_DAYS, type KeyServices } from '../access/api-keys.ts'
import { defineAction } from './define-action.ts'
import { keyManager, showKey } from './key-manager.ts'

export const createApiKeyAction = defineAction({
  name: 'createApiKey',
  roles: ['user', 'operator'],
  input: z.object({
    name: z.string().trim().min(1).max(100),
    scopes: z.array(z.string().max(100)).max(20),
    expiresInDays: z.int().min(1).max(KEY_DAYS.max).nullish(),
  }),
  run: async ({ name, scopes, expiresInDays }, caller, services: KeyServices) =>
    showKey(
      await createApiKey(services, keyManager(caller), { name, scopes, days: expiresInDays ?? KEY_DAYS.default }),
    ),
})
