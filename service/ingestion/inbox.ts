import { randomUUID } from 'node:crypto'
import type { RecordIdentity } from '../platforms/contract.ts'
import type { Db, Tx } from '../runtime/db.ts'
import { letGo } from '../runtime/flat-memory.ts'
import { sql } from '../runtime/sql.ts'
import type { Delivery } from './queries.ts'
import type { ConnectionKey, IngestionServices } from './services.ts'

/** Sealed pieces are at most this large: two of them are all that a delivery ever takes in memory. */
export const CHUNK_BYTES = 1024 * 1024
/** Of a piece that is read: as the driver gathered it, as text of the protocol, sealed, opened, taken apart and written again. */
const COPIES = 8

/** Begins a delivery that comes in chunks; nothing acts on it before it is whole. */
export async function openDelivery(db: Db, platform: string): Promise<string> {
  const { rows } = await db.query<{ id: string }>(sql`
    insert into ops.webhook_deliveries (platform, dedupe_key, state)
    values (${platform}, ${`receiving:${randomUUID()}`}, 'receiving') returning id`)
  if (rows[0] === undefined) throw new Error('an inserted row was not returned')
  return rows[0].id
}

export async function appendChunk(
  db: Db,
  deliveryId: string,
  chunk: { position: number; bytesSealed: Buffer },
): Promise<void> {
  await db.query(sql`
    insert into ops.webhook_delivery_chunks (delivery_id, position, bytes_sealed)
    values (${deliveryId}::uuid, ${chunk.position}, ${chunk.bytesSealed})`)
}

/** It is whole. The same bytes again are not news: then it is removed. */
export async function closeDelivery(tx: Tx, deliveryId: string, dedupeKey: string): Promise<'stored' | 'duplicate'> {
  const { rows } = await tx.query<{ known: boolean }>(sql`
    with known as (
      select d.id from ops.webhook_deliveries d join ops.webhook_deliveries own on own.id = ${deliveryId}::uuid
      where d.platform = own.platform and d.dedupe_key = ${dedupeKey}
    ), closed as (
      update ops.webhook_deliveries set state = 'received', dedupe_key = ${dedupeKey}, received_at = now()
      where id = ${deliveryId}::uuid and not exists (select from known)
    )
    select exists (select from known) as known`)
  if (rows[0]?.known !== true) return 'stored'
  await discardDelivery(tx, deliveryId)
  return 'duplicate'
}

export async function discardDelivery(db: Db, deliveryId: string): Promise<void> {
  await db.query(sql`delete from ops.webhook_deliveries where id = ${deliveryId}::uuid`)
}

export interface Body extends Pick<Delivery, 'platform' | 'bodySealed'> {
  /** Only these of its bytes; the end is not included. */
  readonly span?: { readonly from: number; readonly to: number }
}

/** The bytes of a delivery, one piece at a time. */
export async function* readBody(
  { db, openInbox }: { readonly db: Db } & Pick<IngestionServices, 'openInbox'>,
  deliveryId: string,
  { platform, bodySealed, span = { from: 0, to: Number.POSITIVE_INFINITY } }: Body,
): AsyncGenerator<Buffer> {
  if (bodySealed !== null) {
    yield (await openInbox(platform, bodySealed)).subarray(span.from, span.to)
    return
  }
  // All but the last are of one size.
  for (let position = Math.floor(span.from / CHUNK_BYTES); position * CHUNK_BYTES < span.to; position += 1) {
    const { rows } = await db.query<{ bytes_sealed: Buffer }>(sql`
      select c.bytes_sealed from ops.webhook_delivery_chunks c
      where c.delivery_id = ${deliveryId}::uuid and c.position = ${position}`)
    if (rows[0] === undefined) return
    const piece = await openInbox(platform, rows[0].bytes_sealed)
    yield piece.subarray(Math.max(0, span.from - position * CHUNK_BYTES), span.to - position * CHUNK_BYTES)
    letGo(rows[0].bytes_sealed.length * COPIES)
  }
}

/** Moves a large delivery on. False when another worker has done so: then nothing of this attempt may be kept. */
export async function advanceDelivery(
  tx: Tx,
  deliveryId: string,
  { from, to, outcomes }: { from: number; to: number; outcomes: Readonly<Record<string, number>> },
): Promise<boolean> {
  const { rowCount } = await tx.query(sql`
    update ops.webhook_deliveries set items_done = ${to}, outcomes = ${JSON.stringify(outcomes)}::jsonb
    where id = ${deliveryId}::uuid and state = 'received' and items_done = ${from}`)
  return rowCount === 1
}

export interface DeliveredItem {
  readonly digest: Buffer
  /** Undefined where nothing is asked for by window. */
  readonly record: ReturnType<RecordIdentity>
}

type ItemKind = ConnectionKey & { readonly dataType: string }

/** Answers how many of these had not come before. */
export async function noteItems(tx: Tx, kind: ItemKind, items: readonly DeliveredItem[]): Promise<number> {
  const { rowCount } = await tx.query(sql`
    insert into ops.delivered_items (user_id, platform, data_type, digest, record, recorded_at)
    select ${kind.userId}::uuid, ${kind.platform}, ${kind.dataType}, i.*
    from unnest(${items.map(({ digest }) => digest)}::bytea[], ${items.map(({ record }) => record?.record ?? null)}::text[],
      ${items.map(({ record }) => record?.at ?? null)}::timestamptz[]) i
    on conflict do nothing`)
  return rowCount
}

/** False when the same bytes came before. */
export async function insertDeliveredItem(
  tx: Tx,
  { digest, record, ...kind }: ItemKind & DeliveredItem,
): Promise<boolean> {
  return (await noteItems(tx, kind, [{ digest, record }])) === 1
}

/** What is remembered only to recognize repetitions, and deliveries that broke off while they came. */
export async function deleteOldInbox(db: Db): Promise<void> {
  await db.query(sql`
    delete from ops.webhook_deliveries where state = 'receiving' and received_at < now() - interval '1 hour'`)
  await db.query(sql`delete from ops.delivered_items where received_at < now() - interval '30 days'`)
  await db.query(sql`delete from ops.callbacks where finished_at < now() - interval '30 days'`)
}

/** The connection ended: what is sent after the next consent is news, even if it is the same. */
export async function forgetDelivered(
  tx: Tx,
  { userId, platform }: { userId: string; platform: string },
): Promise<void> {
  await tx.query(sql`delete from ops.delivered_items where user_id = ${userId}::uuid and platform = ${platform}`)
  await tx.query(sql`delete from ops.callbacks where user_id = ${userId}::uuid and platform = ${platform}`)
}
