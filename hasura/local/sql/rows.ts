import type { SelectedField } from '../request/selection.ts'
import type { ValueObject } from '../request/value.ts'
import { ALWAYS, type ColumnValue } from '../schema/predicate.ts'
import type { RoleTable, RoleTables } from '../schema/role-tables.ts'
import { orderSql } from './order.ts'
import { fromTable, predicateSql } from './predicate-sql.ts'
import { columnOf, conjunction, type Statement } from './statement.ts'
import { readWhere } from './where.ts'

/** What every part of one statement is compiled with. */
export interface Compilation {
  readonly statement: Statement
  readonly tables: RoleTables
}

/** Which rows of a table a field is about. */
export interface RowsQuestion {
  readonly table: RoleTable
  readonly field: SelectedField
  /** Ties the rows to an outer row, or to a key; gets the alias of the rows. */
  readonly join?: (alias: string) => string
}

interface Base {
  readonly alias: string
  readonly limit: number | undefined
}

/** The rows a list field asks for, in order: the role's filter, the client's condition, and the given limit. */
export function baseRows({ statement, tables }: Compilation, question: RowsQuestion, { alias, limit }: Base): string {
  const { table, field } = question
  const { where, offset } = field.arguments
  const row = { alias, root: alias }
  const join = question.join?.(alias) ?? 'true'
  const filter = predicateSql(statement, table.select?.filter ?? ALWAYS, row)
  const wanted = predicateSql(statement, readWhere(where, table, tables), row)
  const { distinct, order } = orderSql({ statement, table, tables, alias }, field.arguments, field.path)
  const limited = limit === undefined ? '' : ` limit ${statement.parameter(String(limit), 'integer')}`
  const skipped = typeof offset === 'string' ? ` offset ${statement.parameter(offset, 'bigint')}` : ''
  const conditions = conjunction(join, filter, wanted)
  return `select ${distinct}${alias}.* from ${fromTable(table.model, alias)} where ${conditions}${order}${limited}${skipped}`
}

/** The smaller of what the client and what the role's permission says. */
export function effectiveLimit({ field, table }: RowsQuestion): number | undefined {
  const limits = [field.arguments['limit'], table.select?.limit].filter((limit) => typeof limit === 'number')
  return limits.length === 0 ? undefined : Math.min(...limits)
}

/** The condition that a row has the primary key given as arguments. */
export function keyCondition(statement: Statement, table: RoleTable, key: ValueObject): (alias: string) => string {
  return (alias) => {
    const parts = (table.model.primaryKey ?? []).map(({ name, column }) => {
      return `${columnOf(alias, column.name)} = ${statement.parameter(key[name] as ColumnValue, column.sqlType)}`
    })
    return parts.join(' and ')
  }
}
