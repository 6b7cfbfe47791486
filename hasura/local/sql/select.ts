import { HasuraError } from '../errors.ts'
import { isTypename, type SelectedField } from '../request/selection.ts'
import { type Meaning, meaningOf, type Reading } from '../schema/meaning.ts'
import type { ColumnModel } from '../schema/model.ts'
import { ALWAYS } from '../schema/predicate.ts'
import { AggregateColumns, aggregateFieldsSql } from './aggregate.ts'
import { jsonPath } from './json-path.ts'
import { fromTable, joinCondition, predicateSql } from './predicate-sql.ts'
import { baseRows, type Compilation, effectiveLimit, type RowsQuestion } from './rows.ts'
import { columnOf, conjunction, jsonObject, type Statement, textLiteral } from './statement.ts'

/** Any field that reads a table, as one scalar JSON expression. */
export function readSql(compilation: Compilation, reading: Reading, question: RowsQuestion): string {
  switch (reading) {
    case 'row':
      return oneRowSql(compilation, question)
    case 'aggregate':
      return aggregateSql(compilation, question)
    case 'rows':
    case 'stream':
      return rowsSql(compilation, question)
  }
}

/** Postgres keeps the order of a subquery for the aggregate above it. */
function rowsSql(compilation: Compilation, question: RowsQuestion): string {
  const alias = compilation.statement.alias()
  const rows = baseRows(compilation, question, { alias, limit: effectiveLimit(question) })
  const row = rowSql(compilation, question.field.selections, alias)
  return `(select coalesce(json_agg(${row}), '[]') from (${rows}) ${alias})`
}

/** An object, or null: the row that `join` leads to, if the role may see it. The permission's limit plays no part. */
function oneRowSql(compilation: Compilation, { table, field, join }: RowsQuestion): string {
  const alias = compilation.statement.alias()
  const filter = predicateSql(compilation.statement, table.select?.filter ?? ALWAYS, { alias, root: alias })
  const condition = conjunction(join?.(alias) ?? 'true', filter)
  const row = rowSql(compilation, field.selections, alias)
  return `(select ${row} from ${fromTable(table.model, alias)} where ${condition} limit 1)`
}

/**
 * `nodes` obey the permission's limit, `aggregate` does not. They are read apart also because a
 * `count(distinct …)` beside them would change their order.
 */
function aggregateSql(compilation: Compilation, question: RowsQuestion): string {
  const { table, field } = question
  const alias = compilation.statement.alias()
  const outer = compilation.statement.alias()
  const columns = new AggregateColumns(outer)
  const members = field.selections.map((part) => {
    const kind = meaningOf(part.definition)?.kind
    const nodes = { ...question, field: { ...field, selections: part.selections } }
    if (kind === 'nodes') return [part.responseKey, rowsSql(compilation, nodes)] as const
    if (kind !== 'aggregateFields') return [part.responseKey, textLiteral(part.parent.name)] as const
    return [part.responseKey, aggregateFieldsSql(part.selections, { table, alias, columns })] as const
  })
  if (columns.isEmpty) return jsonObject(members)
  const { limit } = field.arguments
  const rows = baseRows(compilation, question, { alias, limit: typeof limit === 'number' ? limit : undefined })
  return `(select ${jsonObject(members)} from (select ${columns.selectList} from (${rows}) ${alias}) ${outer})`
}

/** The selected fields of an aliased row as a JSON object. */
export function rowSql(compilation: Compilation, selections: readonly SelectedField[], alias: string): string {
  return jsonObject(selections.map((field) => [field.responseKey, fieldSql(compilation, field, alias)]))
}

function fieldSql(compilation: Compilation, field: SelectedField, alias: string): string {
  if (isTypename(field)) return textLiteral(field.parent.name)
  const meaning = meaningOf(field.definition)
  if (meaning?.kind === 'column') return columnSql(compilation.statement, field, { alias, model: meaning.column })
  if (meaning?.kind === 'related') return relatedSql(compilation, field, { alias, meaning })
  throw new Error(`${field.name} is in the schema of a row but cannot be read from it`)
}

interface ColumnPlace {
  readonly alias: string
  readonly model: ColumnModel
}

function columnSql(statement: Statement, field: SelectedField, { alias, model }: ColumnPlace): string {
  const column = columnOf(alias, model.column.name)
  const { path } = field.arguments
  if (typeof path !== 'string') return model.shownAsText ? `${column}::text` : column
  const keys = jsonPath(path)
  if (keys === undefined) {
    const message = `parse json path error: ${path}`
    throw new HasuraError({ code: 'parse-failed', message, path: `${field.path}.args.path` })
  }
  return keys.length === 0 ? column : `${column} #> ${statement.parameter(keys, 'text[]')}`
}

interface RelatedPlace {
  readonly alias: string
  readonly meaning: Extract<Meaning, { kind: 'related' }>
}

function relatedSql(compilation: Compilation, field: SelectedField, { alias, meaning }: RelatedPlace): string {
  const { relationship, target: table, reading } = meaning
  const join = (other: string) => joinCondition(relationship.mapping, alias, other)
  return readSql(compilation, reading, { table, field, join })
}
