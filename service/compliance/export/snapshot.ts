import type { Readable } from 'node:stream'
import pg from 'pg'
import { copyOut } from '../../runtime/copy-out.ts'
import type { Database, Db } from '../../runtime/db.ts'
import { sql } from '../../runtime/sql.ts'
import { exportedTables } from '../data-map.ts'

export interface Column {
  readonly name: string
  /** As Postgres writes it, for example `timestamp with time zone`. */
  readonly type: string
  readonly comment: string | null
  readonly generated: boolean
}

export interface ExportedTable {
  /** `public.samples`. */
  readonly name: string
  readonly columns: readonly Column[]
  readonly order: readonly string[]
}

/** One person's rows, all as of one moment. */
export interface Snapshot {
  readonly tables: readonly ExportedTable[]
  count(table: ExportedTable): Promise<number>
  /** One JSON object in each line. */
  ndjson(table: ExportedTable): Readable
  /** RFC 4180 with a line of names. */
  csv(table: ExportedTable): Readable
  /** For what the copy's readable parts need. */
  readonly db: Db
  readonly takenAt: Date
}

/** Opens a transaction that sees the data as it is now and reads nobody else's; it ends when `use` does. */
export async function withSnapshot<Result>(
  { pool }: Database,
  userId: string,
  use: (snapshot: Snapshot) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    await client.query('begin isolation level repeatable read read only')
    const db: Db = {
      async query<Row extends object>({ text, values }: { text: string; values: readonly unknown[] }) {
        const { rows, rowCount } = await client.query<Row>({ text, values: [...values] })
        return { rows, rowCount: rowCount ?? 0 }
      },
    }
    const { rows } = await db.query<{ now: Date }>(sql`
      select now() as now, set_config('tributary.export_user', ${userId}::uuid::text, true)`)
    const tables = await describeTables(db)
    return await use({
      tables,
      db,
      takenAt: rows[0]?.now ?? new Date(),
      count: (table) => countRows(db, table),
      ndjson: (table) => copyOut(client, ndjsonOf(table)),
      csv: (table) => copyOut(client, csvOf(table)),
    })
  } catch (error) {
    // In the middle of a COPY the connection cannot be used again.
    broken = error instanceof Error ? error : new Error('failed')
    throw error
  } finally {
    if (broken === undefined) await client.query('rollback')
    client.release(broken)
  }
}

async function countRows(db: Db, table: ExportedTable): Promise<number> {
  const { rows } = await db.query<{ n: string }>({ text: `select count(*) as n ${fromWhere(table)}`, values: [] })
  return Number(rows[0]?.n ?? 0)
}

// COPY takes no parameters: the person is a setting of the transaction, and names are the catalog's own.
const fromWhere = ({ name }: ExportedTable) =>
  `from ${quoted(name)} where user_id = current_setting('tributary.export_user')::uuid`
const quoted = (name: string) => name.split('.').map(pg.escapeIdentifier).join('.')
const selected = (table: ExportedTable) => {
  const columns = table.columns.map(({ name }) => pg.escapeIdentifier(name)).join(', ')
  const order = table.order.length === 0 ? '' : ` order by ${table.order.map(pg.escapeIdentifier).join(', ')}`
  return `select ${columns} ${fromWhere(table)}${order}`
}

/** JSON text holds no control characters, so with those as quote and delimiter COPY writes it as it is. */
function ndjsonOf(table: ExportedTable): string {
  return `copy (select row_to_json(t)::text from (${selected(table)}) t) to stdout (format csv, quote e'\\x01', delimiter e'\\x02')`
}

function csvOf(table: ExportedTable): string {
  return `copy (${selected(table)}) to stdout (format csv, header)`
}

async function describeTables(db: Db): Promise<readonly ExportedTable[]> {
  const tables: ExportedTable[] = []
  for (const { name, omit } of exportedTables()) {
    const { rows } = await db.query<Column & { place: number | null }>(sql`
      select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, col_description(a.attrelid, a.attnum) as comment,
        a.attgenerated <> '' as generated, array_position(i.indkey::smallint[], a.attnum) as place
      from pg_attribute a left join pg_index i on i.indrelid = a.attrelid and i.indisprimary
      where a.attrelid = ${name}::regclass and a.attnum > 0 and not a.attisdropped and not a.attname = any (${omit}::text[])
      order by a.attnum`)
    const key = rows
      .filter(({ place }) => place !== null)
      .toSorted((one, other) => Number(one.place) - Number(other.place))
    tables.push({
      name,
      columns: rows.map(({ place: _place, ...column }) => column),
      order: key.map((column) => column.name),
    })
  }
  return tables
}
