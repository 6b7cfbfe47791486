import { z } from 'zod'
import { defineAction } from './define-action.ts'

export interface RotateKeysAction {
  /** Answers the id of the rotation that was started, or of the one that is running. */
  startRotation(request: { kind: 'all' | 'master' | 'user'; operatorId: string }): Promise<string>
}

export const rotateKeysAction = defineAction({
  name: 'rotateKeys',
  roles: ['operator'],
  input: z.object({ keys: z.enum(['all', 'master', 'user']).nullish() }),
  async run({ keys }, { userId: operatorId }, services: RotateKeysAction) {
    return { rotationId: await services.startRotation({ kind: keys ?? 'all', operatorId }) }
  },
})
