import { z } from 'zod'
import { defineTask } from '../runtime/jobs.ts'
import { strategyOf } from './decide-strategy.ts'
import { planReconciliations } from './reconciliation-queries.ts'
import type { IngestionServices } from './services.ts'

const CHUNK = 1_000
const SPREAD_S = 2 * 60 * 60

/** The night's comparisons: every connection at a time of its own, so that no platform is asked by all of them at once. */
export const planNight = defineTask<Pick<IngestionServices, 'db' | 'platforms'>>()({
  identifier: 'plan_reconciliations',
  payload: z.unknown(),
  jobKey: () => 'plan_reconciliations',
  queue: 'reconciliation',
  async run(_payload, { db, platforms }) {
    for (const platform of platforms.values()) {
      if (strategyOf(platform) === 'push') continue
      let after: string | null = null
      do after = await planReconciliations(db, { platform: platform.id, after, limit: CHUNK, spreadSeconds: SPREAD_S })
      while (after !== null)
    }
    return undefined
  },
})
