import { isTypename, type SelectedField } from '../request/selection.ts'
import { meaningOf } from '../schema/meaning.ts'
import type { RoleTable } from '../schema/role-tables.ts'
import { countArgument } from './predicate-sql.ts'
import { columnOf, jsonObject, textLiteral } from './statement.ts'
import { namedColumns } from './where.ts'

/**
 * Aggregates belong to the query level whose rows they see, so they are computed there as plain columns and put into
 * JSON one level above.
 */
export class AggregateColumns {
  readonly #expressions: string[] = []
  readonly #alias: string

  constructor(alias: string) {
    this.#alias = alias
  }

  /** Computes `expression` below; gives the name under which the level above sees it. */
  add(expression: string): string {
    this.#expressions.push(expression)
    return `${this.#alias}.c${this.#expressions.length}`
  }

  get isEmpty(): boolean {
    return this.#expressions.length === 0
  }

  get selectList(): string {
    return this.#expressions.map((expression, index) => `${expression} as c${index + 1}`).join(', ')
  }
}

interface Place {
  readonly table: RoleTable
  readonly alias: string
  readonly columns: AggregateColumns
}

/** The object under `aggregate { … }`. */
export function aggregateFieldsSql(fields: readonly SelectedField[], place: Place): string {
  return jsonObject(fields.map((field) => [field.responseKey, aggregateFieldSql(field, place)]))
}

function aggregateFieldSql(field: SelectedField, { table, alias, columns }: Place): string {
  if (isTypename(field)) return textLiteral(field.parent.name)
  const meaning = meaningOf(field.definition)
  if (meaning?.kind === 'operation') {
    return jsonObject(
      field.selections.map((inner) => [
        inner.responseKey,
        operationSql(inner, meaning.operation, { table, alias, columns }),
      ]),
    )
  }
  const names = namedColumns(table, field.arguments['columns']).map(({ column }) => columnOf(alias, column.name))
  return columns.add(`count(${countArgument(names, field.arguments['distinct'] === true)})`)
}

function operationSql(field: SelectedField, operation: string, { alias, columns }: Place): string {
  const meaning = meaningOf(field.definition)
  if (meaning?.kind !== 'column') return textLiteral(field.parent.name)
  return columns.add(`${operation}(${columnOf(alias, meaning.column.column.name)})`)
}
