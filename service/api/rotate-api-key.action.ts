import { z } from 'zod'
import { type KeyServices, OVERLAP_MINUTES, rotateApiKey } from '../access/api-keys.ts'
import { defineAction } from './define-action.ts'
import { keyManager, showKey } from './key-manager.ts'

export const rotateApiKeyAction = defineAction({
  name: 'rotateApiKey',
  roles: ['user', 'operator'],
  input: z.object({ id: z.uuid(), overlapMinutes: z.int().min(0).max(OVERLAP_MINUTES.max).nullish() }),
  run: async ({ id, overlapMinutes }, caller, services: KeyServices) =>
    showKey(
      await rotateApiKey(services, keyManager(caller), {
        id,
        overlapMinutes: overlapMinutes ?? OVERLAP_MINUTES.default,
      }),
    ),
})
