import { z } from 'zod'
import { defineTask } from '../../runtime/jobs.ts'
import { sql } from '../../runtime/sql.ts'
import { type SealServices, sealTrail } from './seal-trail.ts'

/** Runs again after twenty seconds, and each minute by the clock should that one be lost. */
export const sealAuditTrail = defineTask<SealServices>()({
  identifier: 'seal_audit_trail',
  payload: z.unknown(),
  jobKey: () => 'seal_audit_trail',
  async run(_payload, services) {
    await sealTrail(services)
    const { rows } = await services.db.query<{ next: Date }>(sql`select now() + interval '20 seconds' as next`)
    return rows[0] === undefined ? undefined : { runAgainAt: rows[0].next }
  },
})
