import type { RecordAudit } from '../../runtime/audit-event.ts'
import type { Database } from '../../runtime/db.ts'

export interface Notice {
  /** The same for every repetition. */
  readonly id: string
  readonly breachId: string
  readonly userId: string
  readonly subject: string
  readonly text: string
}

/** A way to reach a person. Answers a receipt; throws breach/channel_failed (tried again) or breach/no_address (not). */
export interface Channel {
  readonly name: 'smtp' | 'webhook'
  send(notice: Notice): Promise<string>
}

export interface BreachServices {
  readonly db: Database
  readonly audit: RecordAudit
  /** Of the operator: days end there. */
  readonly timeZone: string
  /** Undefined: nobody can be told from here. */
  readonly channel: Channel | undefined
}
