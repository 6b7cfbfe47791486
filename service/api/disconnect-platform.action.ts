import { z } from 'zod'
import { disconnectPlatform } from '../connections/disconnect.ts'
import type { ConnectionServices } from '../connections/services.ts'
import { defineAction } from './define-action.ts'

export const disconnectPlatformAction = defineAction({
  name: 'disconnectPlatform',
  endsConsent: true,
  input: z.object({ platform: z.string() }),
  run: ({ platform }, { userId }, services: ConnectionServices) => disconnectPlatform(services, { userId, platform }),
})
