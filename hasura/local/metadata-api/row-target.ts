import { tableKey } from '../catalog/catalog.ts'
import { readCatalog } from '../catalog/read-catalog.ts'
import { toHasuraError } from '../execute/sql-errors.ts'
import type { Metadata } from '../metadata/types.ts'
import { buildModel } from '../schema/build-model.ts'
import type { Model, TableModel } from '../schema/model.ts'
import { readPermissionExpression } from '../schema/permission-expression.ts'
import { predicateSql } from '../sql/predicate-sql.ts'
import { identifier, type Statement, tableName, textLiteral } from '../sql/statement.ts'
import { parseFailed, readObject, readTable } from './arguments.ts'
import { paddedNumerics } from './binary-numeric.ts'
import type { CommandContext } from './command.ts'
import { getTable, type Json, notExists } from './draft.ts'
import { readDraft } from './read-draft.ts'

/** The table that a command is about, as the commands before have left it. */
export interface Target {
  readonly model: Model
  readonly table: TableModel
}

/** The alias of the table's rows in every statement here. */
export const ROW = 't0'

/** Throws `not-exists` when the table is not tracked. */
export async function readTarget({ client, draft }: CommandContext, args: Json): Promise<Target> {
  const name = readTable(args['table'])
  const { table: tracked } = getTable(draft, name)
  const metadata = withName(readDraft(draft), tableKey(tracked))
  const catalog = await readCatalog(client, metadata.sources[0].tables)
  const { model } = buildModel({ metadata, catalog, stringifyNumericTypes: false })
  const table = model.get(tableKey(tracked))
  if (table === undefined) throw notExists(`table "${tracked.name}" does not exist`)
  return { model, table }
}

/** These commands also reach a table whose name is none in GraphQL. */
function withName(metadata: Metadata, key: string): Metadata {
  const [source] = metadata.sources
  const tables = source.tables.map((entry) => {
    if (tableKey(entry.table) !== key) return entry
    return { ...entry, configuration: { ...entry.configuration, custom_name: 'target' } }
  })
  return { ...metadata, sources: [{ ...source, tables }] }
}

/** Quoted names. Throws `not-exists` for a column that the table does not have. */
export function columnNames({ table }: Target, names: readonly unknown[]): string[] {
  return names.map((name) => {
    if (typeof name === 'string' && table.columns.has(name)) return identifier(name)
    throw notExists(`column "${String(name)}" does not exist in table "${table.catalog.name}"`)
  })
}

/** A table expression: one row of the table's type, filled from JSON. */
export function recordSql(statement: Statement, { table: { catalog } }: Target, object: Json): string {
  const text = JSON.stringify(paddedNumerics(catalog, object))
  return `json_populate_record(null::${tableName(catalog)}, ${statement.parameter(text, 'json')})`
}

/** Throws `parse-failed` without a `where`: the command would be about every row. */
export function whereSql(statement: Statement, { model, table }: Target, where: unknown): string {
  const expression = readObject(where, '$.args.where')
  try {
    const predicate = readPermissionExpression(expression, model, table)
    return `where ${predicateSql(statement, predicate, { alias: ROW, root: ROW })}`
  } catch (error) {
    throw parseFailed(error instanceof Error ? error.message : String(error), '$.args.where')
  }
}

export interface Changed {
  readonly affected_rows: number
  readonly returning?: readonly unknown[]
}

interface Change {
  readonly target: Target
  readonly statement: Statement
  /** Without its `returning`. */
  readonly sql: string
  /** The columns that the command wants back. */
  readonly returning: unknown
}

/** Throws HasuraError for what Postgres refuses. */
export async function runChange({ client }: CommandContext, change: Change): Promise<Changed> {
  const { target, statement, sql, returning } = change
  const wanted = Array.isArray(returning) ? returning : []
  const members = columnNames(target, wanted).map(
    (name, index) => `${textLiteral(String(wanted[index]))}, ${ROW}.${name}`,
  )
  const text = `${sql} returning json_build_object(${members.join(', ')}) as row`
  const { rows } = await client.query<{ row: unknown }>(text, statement.values).catch((error: unknown) => {
    throw toHasuraError(error, { text, values: statement.values }, '$.args')
  })
  return { affected_rows: rows.length, ...(Array.isArray(returning) ? { returning: rows.map(({ row }) => row) } : {}) }
}

/** For `from`, `update` and `insert into`. */
export function fromTarget({ table }: Target): string {
  return `${tableName(table.catalog)} as ${ROW}`
}
