import { z } from 'zod'
import { renewConnection } from '../connections/renew-connection.ts'
import type { ConnectionServices } from '../connections/services.ts'
import { defineAction } from './define-action.ts'

export const refreshConnectionAction = defineAction({
  name: 'refreshConnection',
  input: z.object({ platform: z.string() }),
  async run({ platform }, { userId }, services: ConnectionServices) {
    const { expiresAt, ...renewed } = await renewConnection(services, { userId, platform })
    return { ...renewed, expiresAt: expiresAt?.toISOString() ?? null }
  },
})
