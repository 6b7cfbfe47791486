import { z } from 'zod'
import { defineTask } from '../../runtime/jobs.ts'
import type { BackupServices } from './create-backup.ts'
import { publishErasures as publish } from './erasure-ledger.ts'

/** Every few minutes: a database lost in between has erased nobody later than that. */
export const publishErasures = defineTask<BackupServices>()({
  identifier: 'publish_erasures',
  payload: z.unknown(),
  jobKey: () => 'publish_erasures',
  async run(_payload, services) {
    await publish(services)
    return undefined
  },
})
