import type { Db, Tx } from '../../runtime/db.ts'
import { sql } from '../../runtime/sql.ts'
import { type ArchivedTable, COLUMNS, inMonth, restoreList, selectList, type TextRow } from './columns.ts'
import type { ArchivedMonth, Part } from './services.ts'

export interface ClosedMonth {
  readonly table: ArchivedTable
  readonly partition: string
  readonly month: string
}

/** Months all of which is older than so many days, oldest first; none while a hold keeps everybody's data, and none with payloads that are still to be read. */
export async function findClosedMonths(db: Db, table: ArchivedTable, days: number): Promise<readonly ClosedMonth[]> {
  const { rows } = await db.query<ClosedMonth>(sql`
    select ${table}::text as table, p.name as partition, p.starts::date::text as month
    from ops.closed_partitions(${table}::text, now() - make_interval(days => ${days}::integer)) p
    where not exists (select from public.legal_holds h where h.released_at is null and h.everybody)
      and not (${table}::text = 'raw_fitness_data' and exists (
        select from public.raw_fitness_data r where r.processed_at is null and r.created_at >= p.starts and r.created_at < p.ends))`)
  return rows
}

/** Their data can be asked back or has to go on a day of their own: it stays where jobs reach it. */
export async function findKeptPlatforms(db: Db): Promise<readonly string[]> {
  const { rows } = await db.query<{ id: string }>(sql`
    select p.id from public.platforms p
    where coalesce(p.retention_days, p.source_deletion_hours, p.deauthorization_days) is not null order by p.id`)
  return rows.map(({ id }) => id)
}

/** Some of the people with rows of the month that are in no archive yet. */
export async function findPeople(
  db: Db,
  { table, month }: ClosedMonth,
  { keptPlatforms, limit }: { keptPlatforms: readonly string[]; limit: number },
): Promise<readonly string[]> {
  const { rows } = await db.query<{ id: string }>({
    text: `select u.user_id as id from public.app_users u
      where exists (select from public.${table} t where t.user_id = u.user_id and ${inMonth(table, '$3')} and t.platform <> all ($1))
        and not ops.is_held(u.user_id)
        and not exists (select from ops.archives a where a.user_id = u.user_id and a.source = $2 and a.month = $3::date and a.dropped_at is null)
      limit $4`,
    values: [keptPlatforms, table, month, limit],
  })
  return rows.map(({ id }) => id)
}

export type ArchivedRow = TextRow & { readonly row_digest: string }

/** All of a person's rows of the month as they are now, so many at a time. */
export async function* readRows(
  tx: Tx,
  { userId, table, month }: ArchivedMonth,
  { keptPlatforms, atOnce }: { keptPlatforms: readonly string[]; atOnce: number },
): AsyncGenerator<readonly ArchivedRow[]> {
  await tx.query({
    text: `declare archived_rows no scroll cursor for
      select ${selectList(COLUMNS[table])}, hashtextextended(t::text, 0)::text as row_digest
      from public.${table} t where t.user_id = $1::uuid and ${inMonth(table, '$3')} and t.platform <> all ($2)
      order by ${table === 'samples' ? 't.kind, t.started_at' : 't.created_at, t.id'}`,
    values: [userId, keptPlatforms, month],
  })
  for (;;) {
    const { rows } = await tx.query<ArchivedRow>({ text: `fetch ${atOnce} from archived_rows`, values: [] })
    if (rows.length > 0) yield rows
    if (rows.length < atOnce) break
  }
  await tx.query(sql`close archived_rows`)
}

export async function nextPart(tx: Tx, { userId, table, month }: ArchivedMonth): Promise<number> {
  const { rows } = await tx.query<{ part: number }>(sql`
    select coalesce(max(a.part) + 1, 0) as part from ops.archives a
    where a.user_id = ${userId}::uuid and a.source = ${table} and a.month = ${month}::date`)
  return rows[0]?.part ?? 0
}

export interface PartFacts {
  readonly rowCount: number
  readonly byteCount: number
  readonly rowsDigest: bigint
  readonly sha256: Buffer
  readonly backupKeyId: string
  readonly keyWrapped: Buffer
}

export async function insertPart(tx: Tx, { userId, table, month, part }: Part, facts: PartFacts): Promise<void> {
  await tx.query(sql`
    insert into ops.archives (user_id, source, month, part, row_count, byte_count, rows_digest, sha256, backup_key_id, key_wrapped)
    values (${userId}::uuid, ${table}, ${month}::date, ${part}, ${facts.rowCount}, ${facts.byteCount}, ${facts.rowsDigest.toString()}::bigint,
      ${facts.sha256}, ${facts.backupKeyId}, ${facts.keyWrapped})`)
}

export interface Dropped {
  readonly outcome: 'dropped' | 'emptied' | 'changed'
  readonly archived: string
  readonly changed: readonly string[] | null
}

export async function dropArchived(tx: Tx, month: ClosedMonth, keptPlatforms: readonly string[]): Promise<Dropped> {
  const { rows } = await tx.query<Dropped>(sql`
    select d.outcome, d.archived::text, d.changed from ops.drop_archived_partition(${month.table}, ${month.partition}, ${keptPlatforms}::text[]) d`)
  if (rows[0] === undefined) throw new Error('a function that answers one row answered none')
  return rows[0]
}

export interface StoredPart extends Part {
  readonly rowCount: number
  readonly byteCount: number
  readonly sha256: Buffer
  readonly keyWrapped: Buffer
  readonly isDropped: boolean
}

/** Newest first: of a row that is in two, the later one counts. */
export async function findParts(
  db: Db,
  {
    userId,
    table,
    month,
    undropped = false,
  }: { userId?: string | undefined; table?: string | undefined; month?: string | undefined; undropped?: boolean },
): Promise<readonly StoredPart[]> {
  const { rows } = await db.query<StoredPart>(sql`
    select a.user_id as "userId", a.source as table, a.month::text, a.part, a.row_count::integer as "rowCount",
      a.byte_count::integer as "byteCount", a.sha256, a.key_wrapped as "keyWrapped", a.dropped_at is not null as "isDropped"
    from ops.archives a
    where (${userId ?? null}::uuid is null or a.user_id = ${userId ?? null}::uuid)
      and (${table ?? null}::text is null or a.source = ${table ?? null}::text)
      and (${month ?? null}::date is null or a.month = ${month ?? null}::date)
      and not (${undropped} and a.dropped_at is not null)
    order by a.user_id, a.source, a.month, a.part desc`)
  return rows
}

/** Parts of months that ended longer ago than that, of nobody under a hold. */
export async function findExpiredParts(db: Db, table: ArchivedTable, days: number): Promise<readonly StoredPart[]> {
  const parts = await findParts(db, { table })
  const { rows } = await db.query<{ id: string; month: string }>(sql`
    select a.user_id as id, a.month::text from ops.archives a
    where a.source = ${table} and a.month + interval '1 month' <= now() - make_interval(days => ${days}::integer) and not ops.is_held(a.user_id)`)
  const expired = new Set(rows.map(({ id, month }) => `${id} ${month}`))
  return parts.filter(({ userId, month }) => expired.has(`${userId} ${month}`))
}

export async function deletePart(tx: Tx, { userId, table, month, part }: Part): Promise<void> {
  await tx.query(sql`
    delete from ops.archives a where a.user_id = ${userId}::uuid and a.source = ${table} and a.month = ${month}::date and a.part = ${part}`)
}

/** Rows that are there already are left as they are. Answers how many came back. */
export async function insertRows(tx: Tx, table: ArchivedTable, rows: readonly TextRow[]): Promise<number> {
  const columns = COLUMNS[table]
  const { rowCount } = await tx.query({
    text: `insert into public.${table} (${Object.keys(columns).join(', ')})
      select ${restoreList(columns)} from jsonb_array_elements($1::jsonb) as r on conflict do nothing`,
    values: [JSON.stringify(rows)],
  })
  return rowCount
}

export async function createPartition(db: Db, { table, month }: ArchivedMonth): Promise<void> {
  if (table === 'samples') await db.query(sql`select ops.create_sample_partitions(array[${month}::date])`)
  else await db.query(sql`select ops.create_raw_partitions(array[${month}::date])`)
}
