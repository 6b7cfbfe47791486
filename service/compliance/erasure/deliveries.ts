import type { Db } from '../../runtime/db.ts'
import { sql } from '../../runtime/sql.ts'
import type { Account } from './tombstones.ts'

export interface DeliverySearch {
  readonly db: Db
  readonly openInbox: (platform: string, sealed: Buffer) => Promise<Buffer>
}

interface Sealed {
  readonly id: string
  readonly waiting: boolean
  readonly bodySealed: Buffer | null
}

const PAGE = 200

/**
 * Deliveries in which the account's id stands: those that were dealt with lose their bytes, those that wait are counted and left to be
 * dealt with, for they may hold other people's data too. Every body is opened: what is sealed cannot be searched otherwise.
 */
export async function removeFromInbox(search: DeliverySearch, accounts: readonly Account[]): Promise<number> {
  let waiting = 0
  for (const account of accounts) {
    const needle = new RegExp(`(?<![0-9A-Za-z-])${RegExp.escape(account.platformUserId)}(?![0-9A-Za-z-])`)
    let after = '00000000-0000-0000-0000-000000000000'
    for (;;) {
      const page = await findBodies(search.db, account.platform, after)
      for (const delivery of page) {
        if (!(await mentions(search, account.platform, { delivery, needle }))) continue
        if (delivery.waiting) waiting += 1
        else await deleteDelivery(search.db, delivery.id)
      }
      after = page.at(-1)?.id ?? after
      if (page.length < PAGE) break
    }
  }
  return waiting
}

async function mentions(
  { db, openInbox }: DeliverySearch,
  platform: string,
  { delivery, needle }: { delivery: Sealed; needle: RegExp },
): Promise<boolean> {
  if (delivery.bodySealed !== null)
    return needle.test((await openInbox(platform, delivery.bodySealed)).toString('latin1'))
  // An id may stand on the seam of two chunks.
  let tail = ''
  for (let position = 0; ; position += 1) {
    const { rows } = await db.query<{ bytes: Buffer }>(sql`
      select bytes_sealed as bytes from ops.webhook_delivery_chunks where delivery_id = ${delivery.id}::uuid and position = ${position}`)
    if (rows[0] === undefined) return needle.test(tail)
    const text = tail + (await openInbox(platform, rows[0].bytes)).toString('latin1')
    if (needle.test(text)) return true
    tail = text.slice(-200)
  }
}

async function findBodies(db: Db, platform: string, after: string): Promise<readonly Sealed[]> {
  const { rows } = await db.query<Sealed>(sql`
    select d.id, d.processed_at is null as waiting, d.body_sealed as "bodySealed" from ops.webhook_deliveries d
    where d.platform = ${platform} and d.id > ${after}::uuid
      and (d.body_sealed is not null or exists (select from ops.webhook_delivery_chunks c where c.delivery_id = d.id))
    order by d.id limit ${PAGE}`)
  return rows
}

async function deleteDelivery(db: Db, id: string): Promise<void> {
  await db.query(sql`delete from ops.webhook_deliveries where id = ${id}::uuid and processed_at is not null`)
}

/** The key that tells a repeat outlives the bytes, and may hold the id of an account or of a record. */
export async function removeRepeatKeys(
  db: Db,
  { accounts, sourceIds }: { accounts: readonly Account[]; sourceIds: readonly string[] },
): Promise<void> {
  const ids = [...sourceIds, ...accounts.map(({ platformUserId }) => platformUserId)]
  await db.query(sql`
    delete from ops.webhook_deliveries d
    where d.processed_at is not null and d.platform = any (${accounts.map(({ platform }) => platform)}::text[])
      and exists (select from unnest(string_to_array(d.dedupe_key, ':')) as part
        where part in (select id from unnest(${ids}::text[]) as id))`)
}
