import { z } from 'zod'
import type { Database } from '../../runtime/db.ts'
import { defineTask } from '../../runtime/jobs.ts'
import { countRunningClocks } from './queries.ts'

export interface WatchServices {
  readonly db: Database
  readonly show: (clocks: Awaited<ReturnType<typeof countRunningClocks>>) => void
}

/** Whoever watches is told of clocks that run, again and again until they are met. */
export const watchBreachClocks = defineTask<WatchServices>()({
  identifier: 'watch_breach_clocks',
  payload: z.unknown(),
  jobKey: () => 'watch_breach_clocks',
  async run(_payload, { db, show }) {
    show(await countRunningClocks(db))
    return undefined
  },
})
