import type { Database, Db, Tx } from '../../runtime/db.ts'
import type { ObjectStore } from '../../runtime/object-store.ts'
import { sql } from '../../runtime/sql.ts'
import type { BackupKey } from './backup-key.ts'

const PREFIX = 'erasures/'

/** Notes, in the transaction that erases a person, that no restore may bring them back. Safe to call again. */
export async function recordErasure(tx: Tx, key: BackupKey, userId: string): Promise<void> {
  await tx.query(sql`
    insert into ops.erasure_ledger (person_hmac) values (${key.nameOf(userId)}) on conflict do nothing`)
}

/** Copies the ledger beside the backups: the database may be what is lost. At least once for each row. */
export async function publishErasures({ db, store }: { db: Database; store: ObjectStore }): Promise<void> {
  const { rows } = await db.query<{ name: Buffer; at: Date }>(sql`
    select person_hmac as name, erased_at as at from ops.erasure_ledger where published_at is null order by erased_at`)
  for (const { name, at } of rows) {
    await store.put(`${PREFIX}${name.toString('hex')}.json`, Buffer.from(JSON.stringify({ erasedAt: at }), 'utf8'))
    await db.query(sql`update ops.erasure_ledger set published_at = now() where person_hmac = ${name}`)
  }
}

/** Everybody who was erased, as `nameOf` names them in hexadecimal: from beside the backups and from this database. */
export async function findErased({ db, store }: { db: Db; store: ObjectStore }): Promise<ReadonlySet<string>> {
  const { rows } = await db.query<{ name: Buffer }>(sql`select person_hmac as name from ops.erasure_ledger`)
  const erased = new Set(rows.map(({ name }) => name.toString('hex')))
  for await (const object of store.list(PREFIX)) erased.add(object.slice(PREFIX.length).replace(/\.json$/, ''))
  return erased
}

/** Takes over what stands beside the backups, so that the next restore knows it from here too. */
export async function takeOverErasures(tx: Tx, erased: ReadonlySet<string>): Promise<void> {
  const names = [...erased].map((name) => Buffer.from(name, 'hex'))
  await tx.query(sql`
    insert into ops.erasure_ledger (person_hmac, published_at)
    select name, now() from unnest(${names}::bytea[]) as name on conflict do nothing`)
}
