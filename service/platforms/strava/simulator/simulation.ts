import { type Activities, openActivities, readActivitiesFile } from './activities.ts'
import { createFaults, type Faults } from './faults.ts'
import { type Grants, openGrants } from './grants.ts'
import type { StravaSimulatorOptions } from './options.ts'
import { createRateLimiter, type RateLimiter } from './rate-limiter.ts'
import { openState, type StateStore } from './state.ts'
import { openWebhooks, type Webhooks } from './webhooks.ts'

/** What the routes share. */
export interface Simulation extends StateStore {
  readonly options: StravaSimulatorOptions
  readonly now: () => Date
  readonly grants: Grants
  readonly activities: Activities
  readonly limiter: RateLimiter
  readonly webhooks: Webhooks
  readonly faults: Faults
}

/** Throws an Error of one line when a file cannot be used. */
export function openSimulation(options: StravaSimulatorOptions): Simulation {
  const { now = () => new Date(), rateLimits, tokenSeconds, retryMs } = options
  const store = openState(options.stateFile)
  const faults = createFaults()
  return {
    ...store,
    options,
    now,
    faults,
    grants: openGrants({ ...store, now, tokenSeconds }),
    activities: openActivities({ ...store, now, file: readActivitiesFile(options.activitiesFile) }),
    limiter: createRateLimiter(rateLimits, now),
    webhooks: openWebhooks({ ...store, now, retryMs, faults }),
  }
}
