import { z } from 'zod'
import { defineTask } from '../runtime/jobs.ts'
import { deleteLapsedStates } from './oauth-states.ts'
import type { ConnectionServices } from './services.ts'

/** Attempts nobody finished; they were of no use from the moment they expired. */
export const deleteExpiredStates = defineTask<Pick<ConnectionServices, 'db'>>()({
  identifier: 'delete_expired_states',
  payload: z.unknown(),
  jobKey: () => 'delete_expired_states',
  async run(_payload, { db }) {
    await deleteLapsedStates(db)
    return undefined
  },
})
