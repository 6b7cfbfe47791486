import { z } from 'zod'
import { AppError } from '../runtime/errors.ts'
import { defineTask, type JobResult, PRIORITY } from '../runtime/jobs.ts'
import type { RefreshServices } from './refresh-tokens.ts'
import { renewConnection } from './renew-connection.ts'

export interface IdleServices extends RefreshServices {
  /** Takes one request out of what the platform's limit leaves over, or says when there is one. */
  readonly takeSpareRequest: (platform: string) => Promise<Date | undefined>
}

/** One connection's tokens; the limit of the platform and everybody else's work come first. */
export const renewIdleTokens = defineTask<IdleServices>()({
  identifier: 'renew_idle_tokens',
  payload: z.object({ userId: z.uuid(), platform: z.string() }),
  jobKey: ({ userId, platform }) => `renew_idle_tokens:${userId}:${platform}`,
  priority: PRIORITY.enrichment,
  async run(key, services): Promise<JobResult> {
    const waitUntil = await services.takeSpareRequest(key.platform)
    if (waitUntil !== undefined) return { runAgainAt: waitUntil }
    await renewConnection(services, key).catch(ignoreEnded)
    return undefined
  },
})

const ENDED: readonly string[] = ['connection/not_found', 'connection/reauth_required', 'consent/required']

/** Disconnected or withdrawn meanwhile, or found to need the person: there is nothing more to do here. */
function ignoreEnded(error: unknown): void {
  const ended = error instanceof AppError && ENDED.includes(error.code)
  if (!ended) throw error
}
