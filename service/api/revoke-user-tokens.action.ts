import { z } from 'zod'
import { type RevokeServices, revokeUserTokens } from '../connections/revoke-user-tokens.ts'
import { defineAction } from './define-action.ts'

export const revokeUserTokensAction = defineAction({
  name: 'revokeUserTokens',
  roles: ['operator'],
  input: z.object({ userId: z.uuid(), platform: z.string() }),
  run: (key, { userId: operatorId }, services: RevokeServices) =>
    revokeUserTokens(services, key, { kind: 'operator', id: operatorId }),
})
