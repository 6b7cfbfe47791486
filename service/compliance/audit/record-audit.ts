import { randomBytes } from 'node:crypto'
import type { AuditEvent, RecordAudit } from '../../runtime/audit-event.ts'
import type { Tx } from '../../runtime/db.ts'
import type { Origins } from '../../runtime/origin.ts'
import { preparedSql } from '../../runtime/sql.ts'
import { hashPersonalValue, type PersonalField } from './leaf.ts'

export interface AuditOptions {
  readonly origins: Origins
  /** Told of every event that is written, also of one that is rolled back later. */
  readonly count: (event: Pick<AuditEvent, 'action' | 'outcome'>) => void
}

interface Hidden {
  readonly value: string | null
  readonly salt: Buffer | null
  readonly hmac: Buffer | null
}

/**
 * The audit trail's one way in. What an event does not say of its request, the origin of the present work does. Event and values are
 * inserted in the caller's transaction: two statements in one round trip, no lock shared with anybody (the sealer chains them later).
 */
export function createAudit({ origins, count }: AuditOptions): RecordAudit {
  return async (tx, event) => {
    const origin = origins.current()
    await insertEvent(tx, {
      ...event,
      ...withDefault('requestId', event.requestId ?? origin.requestId),
      ...withDefault('sourceAddress', event.sourceAddress ?? origin.sourceAddress),
    })
    count(event)
  }
}

function withDefault(name: 'requestId' | 'sourceAddress', value: string | undefined): Partial<AuditEvent> {
  return value === undefined ? {} : { [name]: value }
}

async function insertEvent(tx: Tx, event: AuditEvent): Promise<void> {
  const actor = hide('actor', event.actor.id)
  const subject = hide('subject', event.subjectUserId)
  const source = hide('source', event.sourceAddress)
  const reason = hide('reason', event.reason)
  const details = hide('details', event.details === undefined ? undefined : JSON.stringify(event.details))
  await tx.query(preparedSql`
    with event as (
      insert into audit.events (action, actor_kind, outcome, platform, request_id,
        actor_hmac, subject_hmac, source_hmac, reason_hmac, details_hmac)
      values (${event.action}, ${event.actor.kind}, ${event.outcome}, ${event.platform ?? null}, ${event.requestId ?? null},
        ${actor.hmac}, ${subject.hmac}, ${source.hmac}, ${reason.hmac}, ${details.hmac})
      returning id)
    insert into audit.personal_values (event_id, actor_id, actor_salt, subject_user_id, subject_salt,
      source_address, source_salt, reason, reason_salt, details, details_salt)
    select id, ${actor.value}, ${actor.salt}, ${subject.value}::uuid, ${subject.salt},
      ${source.value}, ${source.salt}, ${reason.value}, ${reason.salt}, ${details.value}, ${details.salt}
    from event`)
}

function hide(field: PersonalField, given: string | null | undefined): Hidden {
  if (given === null || given === undefined) return { value: null, salt: null, hmac: null }
  // As Postgres writes a uuid, which is what the value is read back as.
  const value = field === 'subject' ? given.toLowerCase() : given
  const salt = randomBytes(32)
  return { value, salt, hmac: hashPersonalValue(field, salt, value) }
}
