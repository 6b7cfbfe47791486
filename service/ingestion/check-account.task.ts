import { z } from 'zod'
import { AppError } from '../runtime/errors.ts'
import { defineTask, type JobResult, PRIORITY } from '../runtime/jobs.ts'
import { requestPlatform } from './request-platform.ts'
import { cancelRuns } from './runs.ts'
import { apiOf, type ConnectionKey, type IngestionServices } from './services.ts'

/** What a platform answers to somebody who is no longer authorized. */
const ENDED = ['connection/reauth_required', 'connection/scope_missing', 'platform/refused']

/** A delivery said that a person left or changed what may be read: anybody can write that, so the platform is asked. */
export const checkAccount = defineTask<IngestionServices>()({
  identifier: 'check_account',
  payload: z.object({ userId: z.uuid(), platform: z.string(), why: z.enum(['deauthorized', 'permissions']) }),
  jobKey: ({ userId, platform, why }) => `check_account:${platform}:${userId}:${why}`,
  priority: PRIORITY.webhook,
  queue: 'webhooks',
  maxAttempts: 3,
  async run({ why, ...key }, services): Promise<JobResult> {
    try {
      return await readPermissions(services, key)
    } catch (error) {
      if (!(error instanceof AppError) || error.spec.retry) throw error
      if (why === 'deauthorized' && ENDED.includes(error.code)) await end(services, key)
      return undefined
    }
  },
})

async function readPermissions(services: IngestionServices, key: ConnectionKey): Promise<JobResult> {
  const { api } = apiOf(services.platforms, key.platform)
  const request = api.permissions?.request ?? api.probe
  const reply = await requestPlatform(services, { key, request, urgency: 'webhook' })
  if (reply.kind === 'wait') return { runAgainAt: reply.until }
  const granted = reply.kind === 'ok' ? api.permissions?.read(reply.text) : undefined
  if (granted !== undefined) await services.db.transaction((tx) => services.setGrantedScopes(tx, key, granted))
  return undefined
}

async function end(services: IngestionServices, key: ConnectionKey): Promise<void> {
  await services.db.transaction(async (tx) => {
    await services.endByPlatform(tx, key)
    await cancelRuns(tx, key)
  })
}
