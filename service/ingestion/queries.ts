import type { Db, Tx } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'
import type { ConnectionKey } from './services.ts'

export interface Delivery {
  readonly platform: string
  /** By the database's clock, before anybody was asked about it. */
  readonly takenAt: string
  /** Null: it is in chunks. */
  readonly bodySealed: Buffer | null
  readonly receivedAt: Date
  /** Items of a large delivery that are dealt with. */
  readonly itemsDone: number
  readonly outcomes: Readonly<Record<string, number>>
}

/** Undefined once it is processed, and until it has come whole. */
export async function findWaitingDelivery(db: Db, deliveryId: string): Promise<Delivery | undefined> {
  const { rows } = await db.query<Delivery>(sql`
    select d.platform, clock_timestamp()::text as "takenAt", d.body_sealed as "bodySealed", d.received_at as "receivedAt",
      d.items_done as "itemsDone", d.outcomes
    from ops.webhook_deliveries d where d.id = ${deliveryId}::uuid and d.state = 'received'`)
  return rows[0]
}

/** Whether the same record was read back and stored since then: what was read before it may be older than what is there. */
export async function wasStoredSince(
  tx: Tx,
  { userId, platform }: ConnectionKey,
  { sourceId, since }: { sourceId: string; since: string },
): Promise<boolean> {
  const { rows } = await tx.query<{ stored: boolean }>(sql`
    select exists (
      select 1 from public.raw_fitness_data r
      where r.user_id = ${userId}::uuid and r.platform = ${platform} and r.created_at >= ${since}::timestamptz
        and r.metadata ->> 'source_id' = ${sourceId} and r.metadata ->> 'from' = 'webhook'
    ) as stored`)
  return rows[0]?.stored ?? false
}

/** Answers false when another worker was first: then nothing of this attempt may be kept. */
export async function finishDelivery(
  tx: Tx,
  deliveryId: string,
  end: { state: 'processed' | 'dropped'; outcome: string },
): Promise<boolean> {
  const { rowCount } = await tx.query(sql`
    update ops.webhook_deliveries set state = ${end.state}, outcome = ${end.outcome}, processed_at = now()
    where id = ${deliveryId}::uuid and state = 'received'`)
  return rowCount === 1
}

/** It tells of somebody who was erased: bytes, key and all go. Sent again, it is looked at again. */
export async function dropDelivery(tx: Tx, deliveryId: string): Promise<void> {
  await tx.query(sql`delete from ops.webhook_deliveries where id = ${deliveryId}::uuid`)
}

/** Of deliveries that ended longer ago than that; answers how many. */
export async function dropDeliveryBodies(
  db: Db,
  { retentionDays, limit }: { retentionDays: number; limit: number },
): Promise<number> {
  const { rowCount } = await db.query(sql`
    update ops.webhook_deliveries set body_sealed = null where id in (
      select d.id from ops.webhook_deliveries d
      where d.body_sealed is not null and d.processed_at < now() - make_interval(days => ${retentionDays}::integer)
      order by d.processed_at limit ${limit} for update skip locked)`)
  return rowCount
}

export async function dropDeliveryChunks(db: Db, retentionDays: number): Promise<void> {
  await db.query(sql`
    delete from ops.webhook_delivery_chunks c using ops.webhook_deliveries d
    where d.id = c.delivery_id and d.processed_at < now() - make_interval(days => ${retentionDays}::integer)`)
}

/** Which of our subscriptions a delivery must name; undefined while none is confirmed. */
export async function findSubscriptionId(db: Db, platform: string): Promise<string | undefined> {
  const { rows } = await db.query<{ subscription_id: string }>(sql`
    select s.subscription_id from ops.webhook_subscriptions s where s.platform = ${platform}`)
  return rows[0]?.subscription_id
}

export async function saveSubscriptionId(db: Db, platform: string, subscriptionId: string): Promise<void> {
  await db.query(sql`
    insert into ops.webhook_subscriptions (platform, subscription_id) values (${platform}, ${subscriptionId})
    on conflict (platform) do update set subscription_id = excluded.subscription_id, confirmed_at = now()`)
}
