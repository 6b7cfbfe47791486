import type { Db, Tx } from '../../runtime/db.ts'
import { sql } from '../../runtime/sql.ts'
import type { LeafFields, PersonalField } from './leaf.ts'
import type { SignedHead } from './tree-head.ts'

type Hmacs = { readonly [Field in PersonalField as `${Field}_hmac`]: Buffer | null }

export type EventRow = Omit<LeafFields, 'hmacs'> & Hmacs

export function toLeafFields({
  actor_hmac,
  subject_hmac,
  source_hmac,
  reason_hmac,
  details_hmac,
  ...row
}: EventRow): LeafFields {
  const hmacs = {
    actor: actor_hmac,
    subject: subject_hmac,
    source: source_hmac,
    reason: reason_hmac,
    details: details_hmac,
  }
  return { ...row, hmacs }
}

/** Events nobody has chained yet, oldest first; each is taken off the list. For whoever holds the sealer's lock. */
export async function takeUnsealed(tx: Tx, limit: number): Promise<readonly EventRow[]> {
  const { rows } = await tx.query<EventRow>(sql`
    with taken as (
      delete from audit.unsealed where event_id in (
        select u.event_id from audit.unsealed u join audit.events e on e.id = u.event_id
        order by e.occurred_at, e.id limit ${limit})
      returning event_id)
    select e.id, to_char(e.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "occurredAt", e.action,
      e.actor_kind as "actorKind", e.outcome, e.platform, e.request_id as "requestId",
      e.actor_hmac, e.subject_hmac, e.source_hmac, e.reason_hmac, e.details_hmac
    from audit.events e where e.id in (select event_id from taken) order by e.occurred_at, e.id`)
  return rows
}

export interface ChainRow {
  readonly position: number
  readonly eventId: string
  readonly leafHash: Buffer
  readonly chainHash: Buffer
}

export async function insertChain(tx: Tx, rows: readonly ChainRow[]): Promise<void> {
  await tx.query(sql`
    insert into audit.chain (position, event_id, leaf_hash, chain_hash)
    select * from unnest(${rows.map((row) => row.position)}::bigint[], ${rows.map((row) => row.eventId)}::uuid[],
      ${rows.map((row) => row.leafHash)}::bytea[], ${rows.map((row) => row.chainHash)}::bytea[])`)
}

/** False while another process seals: one tree grows at one place. */
export async function lockSealer(tx: Tx): Promise<boolean> {
  const { rows } = await tx.query<{ locked: boolean }>(sql`
    select pg_try_advisory_xact_lock(hashtextextended('audit.sealer', 0)) as locked`)
  return rows[0]?.locked === true
}

export interface HeadRow extends SignedHead {
  readonly id: string
  readonly size: string
  readonly frontier: readonly Buffer[]
}

export async function findLatestHead(db: Db): Promise<HeadRow | undefined> {
  const { rows } = await db.query<HeadRow>(sql`
    select id, size, frontier, document, signature from audit.tree_heads order by size desc, signed_at desc limit 1`)
  return rows[0]
}

export async function findChainEnd(db: Db): Promise<{ position: string; chainHash: Buffer } | undefined> {
  const { rows } = await db.query<{ position: string; chainHash: Buffer }>(sql`
    select position, chain_hash as "chainHash" from audit.chain order by position desc limit 1`)
  return rows[0]
}

export async function readDatabaseTime(db: Db): Promise<Date> {
  const { rows } = await db.query<{ now: Date }>(sql`select clock_timestamp() as now`)
  if (rows[0] === undefined) throw new Error('the database did not tell the time')
  return rows[0].now
}

export interface NewHead extends SignedHead {
  readonly size: number
  readonly rootHash: Buffer
  readonly chainHash: Buffer
  readonly frontier: readonly Buffer[]
  readonly signedAt: string
}

export async function insertHead(tx: Tx, head: NewHead): Promise<void> {
  await tx.query(sql`
    insert into audit.tree_heads (size, root_hash, chain_hash, frontier, signed_at, document, signature)
    values (${head.size}::bigint, ${head.rootHash}, ${head.chainHash}, ${head.frontier}::bytea[], ${head.signedAt}::timestamptz,
      ${head.document}, ${head.signature})`)
}

export async function findUnpublishedHeads(db: Db): Promise<readonly (HeadRow & { signedAt: Date })[]> {
  const { rows } = await db.query<HeadRow & { signedAt: Date }>(sql`
    select id, size, frontier, document, signature, signed_at as "signedAt" from audit.tree_heads
    where published_at is null order by size, signed_at limit 1000`)
  return rows
}

export async function markPublished(db: Db, id: string): Promise<void> {
  await db.query(sql`update audit.tree_heads set published_at = clock_timestamp() where id = ${id}::uuid`)
}
