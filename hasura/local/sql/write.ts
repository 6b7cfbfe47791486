import { isTypename, type SelectedField } from '../request/selection.ts'
import { meaningOf } from '../schema/meaning.ts'
import type { RoleTable, RoleTables, WriteRights } from '../schema/role-tables.ts'
import type { Session } from '../session.ts'
import { predicateSql } from './predicate-sql.ts'
import type { Compilation } from './rows.ts'
import { rowSql } from './select.ts'
import { identifier, jsonObject, Statement, tableName, textLiteral } from './statement.ts'

export interface SqlText {
  readonly text: string
  readonly values: readonly unknown[]
}

/** One change of a table, and the JSON answer to it. */
export type WriteStep =
  | { readonly kind: 'nothingToDo'; readonly json: string }
  | {
      readonly kind: 'change'
      /** Answers one row: `root`, JSON text, and `ok`, whether the permission's check holds for every row. */
      readonly change: SqlText
      /** Given `root`, reads the answer in a second statement: the first one does not see its own change in other tables. */
      readonly readBack: ((root: string) => SqlText) | undefined
      /** Where errors of Postgres and of the check are reported. */
      readonly path: string
    }

export interface WriteContext {
  readonly table: RoleTable
  readonly tables: RoleTables
  readonly field: SelectedField
  readonly session: Session
}

/** Whether the answer is a single row or `{ affected_rows returning }`. */
export type Answer = 'row' | 'response'

const CHANGED = 'changed'
const CHECK = identifier('check__constraint')

interface Change {
  readonly statement: Statement
  /** Without its `returning`. */
  readonly sql: string
  /** The alias under which the changed row is known in `sql`. */
  readonly alias: string
  /** Must hold for every changed row. */
  readonly check: string
  readonly answer: Answer
  readonly path: string
}

/** Completes a change into a step: returns the rows, judges the check, and builds the answer. */
export function finishChange(context: WriteContext, { statement, sql, alias, check, answer, path }: Change): WriteStep {
  const { field, tables } = context
  const nested = field.selections.some(hasRelationship)
  const root = nested
    ? `(select coalesce(json_agg(c), '[]') from ${CHANGED} c)`
    : answerSql({ statement, tables }, { field, answer, from: CHANGED })
  const text = `with ${CHANGED} as (${sql} returning ${alias}.*, ${check} as ${CHECK}) select ${root}::text as "root", (select coalesce(bool_and(${CHECK}), true) from ${CHANGED}) as "ok"`
  const change = { text, values: statement.values }
  return { kind: 'change', change, readBack: nested ? (rows) => readBack(context, answer, rows) : undefined, path }
}

function readBack({ table, tables, field, session }: WriteContext, answer: Answer, rows: string): SqlText {
  const statement = new Statement(session)
  const from = `json_populate_recordset(null::${tableName(table.model.catalog)}, ${statement.parameter(rows, 'json')})`
  const text = `select ${answerSql({ statement, tables }, { field, answer, from })}::text as "root"`
  return { text, values: statement.values }
}

function hasRelationship({ definition, selections }: SelectedField): boolean {
  return meaningOf(definition)?.kind === 'related' || selections.some(hasRelationship)
}

interface AnswerSource {
  readonly field: SelectedField
  readonly answer: Answer
  /** Where the changed rows are read from. */
  readonly from: string
}

/** The rows are shown without the role's row filter: who may change a row sees what became of it. */
function answerSql(compilation: Compilation, { field, answer, from }: AnswerSource): string {
  const alias = compilation.statement.alias()
  if (answer === 'row') return `(select ${rowSql(compilation, field.selections, alias)} from ${from} ${alias} limit 1)`
  const members = field.selections.map((part) => {
    if (isTypename(part)) return [part.responseKey, textLiteral(part.parent.name)] as const
    if (meaningOf(part.definition)?.kind === 'affectedRows')
      return [part.responseKey, `(select count(*) from ${from} ${alias})`] as const
    const row = rowSql(compilation, part.selections, alias)
    return [part.responseKey, `(select coalesce(json_agg(${row}), '[]') from ${from} ${alias})`] as const
  })
  return jsonObject(members)
}

/** The answer when nothing was asked to change: no statement runs. */
export function nothingToDo({ field }: WriteContext, answer: Answer): WriteStep {
  if (answer === 'row') return { kind: 'nothingToDo', json: 'null' }
  const members = field.selections.map((part) => {
    if (isTypename(part)) return [part.responseKey, part.parent.name] as const
    return [part.responseKey, meaningOf(part.definition)?.kind === 'affectedRows' ? 0 : []] as const
  })
  return { kind: 'nothingToDo', json: JSON.stringify(Object.fromEntries(members)) }
}

export function checkSql(statement: Statement, rights: WriteRights | undefined, alias: string): string {
  return rights?.check === undefined ? 'true' : predicateSql(statement, rights.check, { alias, root: alias })
}

/** The columns that the permission sets, whatever the client says. */
export function presetValues(statement: Statement, rights: WriteRights): ReadonlyMap<string, string> {
  const values = rights.presets.map(({ column: { column }, value }) => {
    const sql =
      value.kind === 'session'
        ? statement.sessionVariable(value.name, column.sqlType)
        : statement.parameter(value.kind === 'value' ? value.value : null, column.sqlType)
    return [column.name, sql] as const
  })
  return new Map(values)
}
