import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Tx } from '../runtime/db.ts'
import { defineTask, enqueue } from '../runtime/jobs.ts'
import type { RevocablePair } from '../vault/revocations.ts'
import { insertPendingRevocation } from './pending-revocations.ts'
import { attemptRevocation, type RevocationServices } from './revoke-at-platform.ts'

const FIRST_RETRY_MS = 60_000
const LONGEST_WAIT_MS = 6 * 60 * 60_000

/** Tells the platform that a connection has ended, until it confirms or the limit of seven days is reached. */
export const revokeTokens = defineTask<RevocationServices>()({
  identifier: 'revoke_tokens',
  payload: z.object({ revocationId: z.uuid() }),
  jobKey: ({ revocationId }) => `revoke_tokens:${revocationId}`,
  async run({ revocationId }, services) {
    const { outcome, attempts } = await attemptRevocation(services, revocationId)
    if (outcome !== 'pending') return undefined
    const waitMs = Math.min(FIRST_RETRY_MS * 2 ** Math.min(attempts, 10), LONGEST_WAIT_MS)
    return { runAgainAt: new Date(Date.now() + waitMs) }
  },
})

/** Keeps the pair for that alone and queues the job. The caller may try at once; the job comes a minute later, in case it dies. */
export async function queueRevocation(
  { vault }: Pick<RevocationServices, 'vault'>,
  tx: Tx,
  { connectionId, platform, pair }: { connectionId: string; platform: string; pair: RevocablePair },
): Promise<string> {
  const id = randomUUID()
  const tokensSealed = await vault.sealForRevocation({ platform, revocationId: id }, pair)
  await insertPendingRevocation(tx, { id, connectionId, platform, tokensSealed })
  await enqueue(tx, revokeTokens, {
    payload: { revocationId: id },
    runAt: new Date(Date.now() + FIRST_RETRY_MS),
  })
  return id
}
