import { z } from 'zod'
import type { RecordAudit } from '../../runtime/audit-event.ts'
import type { Database } from '../../runtime/db.ts'
import { defineTask } from '../../runtime/jobs.ts'
import { markWarnings, type RequestKind, type Warning } from './queries.ts'

export interface WarningServices {
  readonly db: Database
  readonly audit: RecordAudit
  /** Tells whoever watches. */
  readonly warn: (request: { requestId: string; kind: RequestKind; warning: Warning }) => void
}

/** Requests whose end is seven days or two days away, or past: each step is told once. */
export const markDueRequests = defineTask<WarningServices>()({
  identifier: 'mark_due_requests',
  payload: z.unknown(),
  jobKey: () => 'mark_due_requests',
  async run(_payload, { db, audit, warn }) {
    const marked = await db.transaction(async (tx) => {
      const requests = await markWarnings(tx)
      for (const { id, userId, kind, warning } of requests)
        await audit(tx, {
          action: 'data_request.due',
          actor: { kind: 'system', id: null },
          subjectUserId: userId,
          outcome: warning === 'overdue' ? 'failure' : 'success',
          details: { requestId: id, kind, warning },
        })
      return requests
    })
    for (const { id, kind, warning } of marked) warn({ requestId: id, kind, warning })
    return undefined
  },
})
