import { text as readText } from 'node:stream/consumers'
import { z } from 'zod'
import type { Database, Db, Tx } from '../../runtime/db.ts'
import type { ObjectStore } from '../../runtime/object-store.ts'
import { sql } from '../../runtime/sql.ts'
import type { BackupKey } from './backup-key.ts'

const PREFIX = 'erasures/'

/** Notes, in the transaction that erases a person, that no restore may bring them or their accounts back. Safe to call again. */
export async function recordErasure(
  tx: Tx,
  key: BackupKey,
  { userId, accountDigests = [] }: { userId: string; accountDigests?: readonly Buffer[] },
): Promise<void> {
  await tx.query(sql`
    insert into ops.erasure_ledger (person_hmac, person_digest, account_digests)
    values (${key.nameOf(userId)}, ops.person_digest(${userId}::uuid), ${accountDigests}::bytea[]) on conflict do nothing`)
}

interface LedgerRow {
  readonly name: Buffer
  readonly at: Date
  readonly person: Buffer | null
  readonly accounts: readonly Buffer[]
}

/** Copies the ledger beside the backups: the database may be what is lost. At least once for each row. */
export async function publishErasures({ db, store }: { db: Database; store: ObjectStore }): Promise<void> {
  const { rows } = await db.query<LedgerRow>(sql`
    select person_hmac as name, erased_at as at, person_digest as person, account_digests as accounts
    from ops.erasure_ledger where published_at is null order by erased_at`)
  for (const { name, at, person, accounts } of rows) {
    const entry = {
      erasedAt: at,
      person: person?.toString('hex') ?? null,
      accounts: accounts.map((digest) => digest.toString('hex')),
    }
    await store.put(`${PREFIX}${name.toString('hex')}.json`, Buffer.from(JSON.stringify(entry), 'utf8'))
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

const hex = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .transform((text) => Buffer.from(text, 'hex'))
const Entry = z.object({ person: hex.nullish(), accounts: z.array(hex).default([]) })

/** Takes over what stands beside the backups, tombstones included, so that the next restore knows it from here too. Answers how many are news. */
export async function takeOverErasures(
  tx: Tx,
  { store, erased }: { store: ObjectStore; erased: ReadonlySet<string> },
): Promise<number> {
  const names = [...erased].map((name) => Buffer.from(name, 'hex'))
  const { rows: news } = await tx.query<{ name: Buffer }>(sql`
    insert into ops.erasure_ledger (person_hmac, published_at)
    select name, now() from unnest(${names}::bytea[]) as name on conflict do nothing returning person_hmac as name`)
  for (const { name } of news) await takeOverEntry(tx, store, name)
  return news.length
}

async function takeOverEntry(tx: Tx, store: ObjectStore, name: Buffer): Promise<void> {
  const body = await store.get(`${PREFIX}${name.toString('hex')}.json`)
  const entry = Entry.safeParse(body === undefined ? undefined : parseJson(await readText(body)))
  if (!entry.success) return // it still names the person for restores
  const { person = null, accounts } = entry.data
  await tx.query(sql`
    update ops.erasure_ledger set person_digest = ${person}::bytea, account_digests = ${accounts}::bytea[] where person_hmac = ${name}`)
  await tx.query(sql`
    insert into ops.erasure_tombstones (digest, kind, erasure_id)
    select ${person}::bytea, 'person', gen_random_uuid() where ${person}::bytea is not null
    union all select digest, 'account', gen_random_uuid() from unnest(${accounts}::bytea[]) as digest
    on conflict (digest) do nothing`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Counts what a restore left out against the tombstones of the people. */
export async function countLeftOut(tx: Tx, leftOut: ReadonlyMap<string, number>): Promise<void> {
  const names = [...leftOut.keys()].map((name) => Buffer.from(name, 'hex'))
  await tx.query(sql`
    update ops.erasure_tombstones t set refused = t.refused + n.rows, last_refused_at = now()
    from unnest(${names}::bytea[], ${[...leftOut.values()]}::integer[]) as n (name, rows)
    join ops.erasure_ledger l on l.person_hmac = n.name where t.digest = l.person_digest`)
}
