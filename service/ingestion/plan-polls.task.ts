import { z } from 'zod'
import { defineTask } from '../runtime/jobs.ts'
import { SHARE } from './budget.ts'
import { strategyOf } from './decide-strategy.ts'
import type { IngestionServices } from './services.ts'
import { findPollsPerSecond, planPolls } from './sync-plan-queries.ts'

const CHUNK = 1_000

/**
 * Queues the polls that are due, spread as the platform's request limit lets them be made. Postgres does it, a thousand at a time: fifty
 * thousand that are due at once cost this process no memory.
 */
export const planDuePolls = defineTask<Pick<IngestionServices, 'db' | 'platforms'>>()({
  identifier: 'plan_polls',
  payload: z.unknown(),
  jobKey: () => 'plan_polls',
  async run(_payload, { db, platforms }) {
    for (const platform of platforms.values()) {
      if (strategyOf(platform) === 'push') continue
      const rate = await findPollsPerSecond(db, platform.id, SHARE.polling)
      const paceSeconds = rate === null || rate === 0 ? 0 : 1 / rate
      let [offset, planned] = [0, CHUNK]
      while (planned === CHUNK) {
        planned = await planPolls(db, { platform: platform.id, limit: CHUNK, offset, paceSeconds })
        offset += planned
      }
    }
    return undefined
  },
})
