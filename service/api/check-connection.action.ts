import { z } from 'zod'
import { type CheckServices, checkConnection } from '../connections/renew-connection.ts'
import { defineAction } from './define-action.ts'

export const checkConnectionAction = defineAction({
  name: 'checkConnection',
  input: z.object({ platform: z.string() }),
  run: ({ platform }, { userId }, services: CheckServices) => checkConnection(services, { userId, platform }),
})
