import { HasuraError } from '../errors.ts'
import type { SelectedField } from '../request/selection.ts'
import { entriesOf, isValueObject, itemsOf } from '../request/value.ts'
import { meaningOf } from '../schema/meaning.ts'
import { type ColumnModel, findColumnByField } from '../schema/model.ts'
import { ALWAYS, type ColumnValue } from '../schema/predicate.ts'
import type { RoleTable, RoleTables } from '../schema/role-tables.ts'
import type { Session } from '../session.ts'
import { fromTable, predicateSql } from '../sql/predicate-sql.ts'
import { rowSql } from '../sql/select.ts'
import { columnOf, conjunction, Statement } from '../sql/statement.ts'
import { readWhere } from '../sql/where.ts'
import type { SqlText } from '../sql/write.ts'
import { type Database, runRead } from './run-sql.ts'

interface Stream {
  readonly field: SelectedField
  readonly table: RoleTable
  readonly tables: RoleTables
  readonly session: Session
  readonly column: ColumnModel
  readonly descending: boolean
}

/**
 * A streaming subscription: each poll gives the next rows beyond the cursor. When there are none it gives the same text
 * again, which the caller takes for "nothing new" as with any live query.
 */
export class StreamPoll {
  readonly #database: Database
  readonly #stream: Stream
  #cursor: ColumnValue
  #batches = 0
  #last: string | undefined

  constructor(database: Database, { field, tables, session }: Pick<Stream, 'field' | 'tables' | 'session'>) {
    const meaning = meaningOf(field.definition)
    if (meaning?.kind !== 'read') throw new Error(`${field.name} is no field of a table`)
    const { column, initial, descending } = readCursor(field, meaning.table)
    this.#database = database
    this.#stream = { field, table: meaning.table, tables, session, column, descending }
    this.#cursor = initial
    // Compiled once for its errors: what is wrong with the request must be said before the first poll.
    batchStatement(this.#stream, initial)
  }

  async next(): Promise<string> {
    const [row] = await runRead(this.#database, batchStatement(this.#stream, this.#cursor))
    const cursor = row?.['cursor'] ?? null
    if (cursor === null && this.#last !== undefined) return this.#last
    if (cursor !== null) this.#cursor = cursor
    this.#batches += 1
    // Two batches may read the same though they are not the same rows; a space makes the texts differ.
    const padding = this.#batches % 2 === 0 ? ' ' : ''
    this.#last = `{${JSON.stringify(this.#stream.field.responseKey)}:${row?.['root'] ?? '[]'}}${padding}`
    return this.#last
  }
}

function readCursor(field: SelectedField, table: RoleTable) {
  const [cursor, ...more] = itemsOf(field.arguments['cursor']).filter(isValueObject)
  const [entry, ...others] = entriesOf(cursor?.['initial_value'])
  const column = entry === undefined ? undefined : findColumnByField(table.model, entry[0])
  if (entry === undefined || column === undefined || more.length > 0 || others.length > 0) {
    const message = 'multiple column cursors are not supported yet'
    throw new HasuraError({ code: 'validation-failed', message, path: `${field.path}.args.cursor` })
  }
  return { column, initial: entry[1] as ColumnValue, descending: cursor?.['ordering'] === 'DESC' }
}

/** Rows that share the last cursor value come together, so that none of them is skipped by the next batch. */
function batchStatement({ field, table, tables, session, column, descending }: Stream, cursor: ColumnValue): SqlText {
  const statement = new Statement(session)
  const alias = statement.alias()
  const row = { alias, root: alias }
  const { where, batch_size: size } = field.arguments
  const cursorColumn = columnOf(alias, column.column.name)
  const beyond =
    cursor === null
      ? 'true'
      : `${cursorColumn} ${descending ? '<' : '>'} ${statement.parameter(cursor, column.column.sqlType)}`
  const filter = predicateSql(statement, table.select?.filter ?? ALWAYS, row)
  const wanted = predicateSql(statement, readWhere(where, table, tables), row)
  const order = `${cursorColumn} ${descending ? 'desc' : 'asc'}`
  const conditions = conjunction(beyond, filter, wanted)
  const first = `fetch first (${statement.parameter(typeof size === 'number' ? String(size) : '0', 'bigint')}) rows with ties`
  const rows = `select ${alias}.* from ${fromTable(table.model, alias)} where ${conditions} order by ${order} ${first}`
  const root = `coalesce(json_agg(${rowSql({ statement, tables }, field.selections, alias)}), '[]')::text as "root"`
  // The last row's: an `order by` inside an aggregate would reorder the rows for the other one too.
  const next = `(array_agg(${cursorColumn}))[count(*)]::text as "cursor"`
  return { text: `select ${root}, ${next} from (${rows}) ${alias}`, values: statement.values }
}
