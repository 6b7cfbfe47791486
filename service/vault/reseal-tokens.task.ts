import { z } from 'zod'
import type { Tx } from '../runtime/db.ts'
import { defineTask, enqueue } from '../runtime/jobs.ts'
import { type RotationServices, resealUsers } from './reseal.ts'

/** After a person got a new key: what the earlier one sealed is sealed anew, and that key destroyed. */
export const resealTokens = defineTask<RotationServices>()({
  identifier: 'reseal_tokens',
  payload: z.object({ userId: z.uuid() }),
  jobKey: ({ userId }) => `reseal_tokens:${userId}`,
  async run({ userId }, services) {
    await resealUsers(services, [userId])
    return undefined
  },
})

export async function queueReseal(tx: Tx, userId: string): Promise<void> {
  await enqueue(tx, resealTokens, { payload: { userId } })
}
