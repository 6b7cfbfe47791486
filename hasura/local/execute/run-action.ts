import { HasuraError } from '../errors.ts'
import type { Action } from '../metadata/types.ts'
import type { SelectedField } from '../request/selection.ts'
import type { RoleTables } from '../schema/role-tables.ts'
import type { Session } from '../session.ts'
import { readSql } from '../sql/select.ts'
import { columnOf, Statement } from '../sql/statement.ts'
import type { SqlText } from '../sql/write.ts'
import type { Span } from '../trace.ts'
import { type Hole, type Piece, shapeOutput } from './action-output.ts'
import type { ActionReply, CallAction } from './engine-types.ts'
import { type Database, runRead } from './run-sql.ts'

export interface ActionContext {
  readonly database: Database
  readonly callAction: CallAction
  readonly session: Session
  readonly tables: RoleTables
  readonly requestQuery: string
  readonly requestHeaders: Record<string, string>
  /** Of the request that this is part of. */
  readonly span: Span
}

export interface ActionAnswer {
  readonly json: string
  readonly cookies: readonly string[]
}

/** Calls the handler, keeps what was selected of its answer, and joins tables with the caller's own permissions. */
export async function runAction(action: Action, field: SelectedField, context: ActionContext): Promise<ActionAnswer> {
  const { callAction, session, requestQuery, requestHeaders, span } = context
  const call = { action, input: field.arguments, session, requestQuery, requestHeaders, span }
  const reply = await callAction(call)
  const pieces = shapeReply(field, reply)
  await fillHoles(
    pieces.filter((piece) => typeof piece !== 'string'),
    context,
  )
  return {
    json: pieces.map((piece) => (typeof piece === 'string' ? piece : piece.text)).join(''),
    cookies: reply.cookies,
  }
}

/** Whoever may see details is shown the call that brought an unfit answer. */
function shapeReply(field: SelectedField, { json, exchange }: ActionReply): Piece[] {
  try {
    return shapeOutput(field, json)
  } catch (error) {
    if (!(error instanceof HasuraError) || exchange === undefined) throw error
    const { code, message, path } = error
    const internal = { error: 'unexpected response', ...exchange }
    throw new HasuraError({ code, message, path, internal }, { cause: error })
  }
}

async function fillHoles(holes: readonly Hole[], context: ActionContext): Promise<void> {
  for (const [field, list] of Map.groupBy(holes, (hole) => hole.field)) await fillField(field, list, context)
}

async function fillField(field: SelectedField, holes: readonly Hole[], context: ActionContext): Promise<void> {
  const rows = await runRead(context.database, joinStatement(field, holes, context))
  holes.forEach((hole, index) => {
    hole.text = rows[index]?.['root'] ?? 'null'
  })
}

/** One statement for all objects of the answer that have this relationship. */
function joinStatement(field: SelectedField, holes: readonly Hole[], { session, tables }: ActionContext): SqlText {
  const statement = new Statement(session)
  const [first] = holes
  if (first === undefined) throw new Error('a join needs an object to start from')
  const { mapping, target, reading } = first.meaning
  const keys = holes.map(({ object }) => mapping.map(([name]) => object[name] ?? null))
  const from = `json_array_elements(${statement.parameter(JSON.stringify(keys), 'json')}) with ordinality as k(v, i)`
  const join = (alias: string) => {
    return mapping
      .map(([, { column }], index) => `${columnOf(alias, column.name)} = (k.v ->> ${index})::${column.sqlType}`)
      .join(' and ')
  }
  const root = readSql({ statement, tables }, reading, { table: target, field, join })
  return { text: `select ${root}::text as "root" from ${from} order by k.i`, values: statement.values }
}
