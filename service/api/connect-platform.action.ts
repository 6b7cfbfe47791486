import { z } from 'zod'
import type { ConnectionServices } from '../connections/services.ts'
import { startConnection } from '../connections/start-connection.ts'
import { defineAction } from './define-action.ts'

export const connectPlatformAction = defineAction({
  name: 'connectPlatform',
  input: z.object({ platform: z.string(), redirectUri: z.string().nullish() }),
  async run({ platform, redirectUri }, { userId }, services: ConnectionServices) {
    const { authorizationUrl, expiresAt } = await startConnection(services, {
      userId,
      platform,
      redirectUri: redirectUri ?? undefined,
    })
    return { authorizationUrl, expiresAt: expiresAt.toISOString() }
  },
})
