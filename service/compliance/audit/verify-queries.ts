import type { Database, Db } from '../../runtime/db.ts'
import { sql } from '../../runtime/sql.ts'
import type { PersonalField } from './leaf.ts'
import type { EventRow } from './queries.ts'

interface Value {
  readonly value: string | null
  readonly salt: Buffer | null
}

export interface SealedEvent {
  readonly position: number
  readonly eventId: string
  readonly leafHash: Buffer
  readonly chainHash: Buffer
  /** Null: it is not there any more. */
  readonly event: EventRow | null
  readonly values: Readonly<Record<PersonalField, Value>>
}

type Row = Omit<SealedEvent, 'position' | 'event' | 'values'> & {
  position: string
  eventThere: string | null
} & EventRow &
  Record<`${PersonalField}_value`, string | null> &
  Record<`${PersonalField}_salt`, Buffer | null>

const BATCH = 1000

/** The trail in its order, a batch at a time. */
export async function* streamTrail(db: Database, fromTheEnd = false): AsyncGenerator<SealedEvent> {
  let after = fromTheEnd ? (await maxPosition(db)) - 1 : 0
  for (;;) {
    const rows = await findBatch(db, after)
    for (const row of rows) yield toSealedEvent(row)
    const last = rows.at(-1)
    if (last === undefined) return
    after = Number(last.position)
  }
}

async function maxPosition(db: Db): Promise<number> {
  const { rows } = await db.query<{ position: string | null }>(sql`select max(position) as position from audit.chain`)
  return Number(rows[0]?.position ?? 0)
}

async function findBatch(db: Db, after: number): Promise<readonly Row[]> {
  const { rows } = await db.query<Row>(sql`
    select c.position, c.event_id as "eventId", c.leaf_hash as "leafHash", c.chain_hash as "chainHash", e.id as "eventThere",
      e.id, to_char(e.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "occurredAt", e.action,
      e.actor_kind as "actorKind", e.outcome, e.platform, e.request_id as "requestId",
      e.actor_hmac, e.subject_hmac, e.source_hmac, e.reason_hmac, e.details_hmac,
      v.actor_id as actor_value, v.actor_salt, v.subject_user_id::text as subject_value, v.subject_salt,
      v.source_address as source_value, v.source_salt, v.reason as reason_value, v.reason_salt,
      v.details as details_value, v.details_salt
    from audit.chain c
    left join audit.events e on e.id = c.event_id
    left join audit.personal_values v on v.event_id = c.event_id
    where c.position > ${after}::bigint order by c.position limit ${BATCH}`)
  return rows
}

function toSealedEvent(row: Row): SealedEvent {
  const { position, eventId, leafHash, chainHash, eventThere } = row
  const valueOf = (field: PersonalField): Value => ({ value: row[`${field}_value`], salt: row[`${field}_salt`] })
  return {
    position: Number(position),
    eventId,
    leafHash,
    chainHash,
    event: eventThere === null ? null : eventOf(row),
    values: {
      actor: valueOf('actor'),
      subject: valueOf('subject'),
      source: valueOf('source'),
      reason: valueOf('reason'),
      details: valueOf('details'),
    },
  }
}

function eventOf(row: Row): EventRow {
  const { id, occurredAt, action, actorKind, outcome, platform, requestId } = row
  const { actor_hmac, subject_hmac, source_hmac, reason_hmac, details_hmac } = row
  const hmacs = { actor_hmac, subject_hmac, source_hmac, reason_hmac, details_hmac }
  return { id, occurredAt, action, actorKind, outcome, platform, requestId, ...hmacs }
}

/** Events that stand outside the chain though the sealer had ten minutes for them, or no longer knows of them. */
export async function findStrayEvents(db: Db): Promise<readonly { id: string; why: string }[]> {
  const { rows } = await db.query<{ id: string; why: string }>(sql`
    select e.id, case when u.event_id is null then 'inserted past the sealer' else 'not sealed for over ten minutes' end as why
    from audit.events e
    left join audit.chain c on c.event_id = e.id
    left join audit.unsealed u on u.event_id = e.id
    where c.event_id is null and (u.event_id is null or e.occurred_at < now() - interval '10 minutes')
    order by e.occurred_at, e.id limit 100`)
  return rows
}

/** Heads the database says were stored outside, by size and time; `stored` are those that are. */
export async function findMissingHeads(db: Db, stored: ReadonlySet<string>): Promise<readonly string[]> {
  const { rows } = await db.query<{ size: string; signedAt: Date }>(sql`
    select size, signed_at as "signedAt" from audit.tree_heads where published_at is not null order by size, signed_at`)
  return rows.map(({ size, signedAt }) => `${size} ${signedAt.toISOString()}`).filter((key) => !stored.has(key))
}
