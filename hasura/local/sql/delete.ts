import type { RoleTable } from '../schema/role-tables.ts'
import { fromTable, predicateSql } from './predicate-sql.ts'
import { keyCondition } from './rows.ts'
import { conjunction, Statement } from './statement.ts'
import { readWhere } from './where.ts'
import { type Answer, finishChange, type WriteContext, type WriteStep } from './write.ts'

/** `delete_x` and `delete_x_by_pk`. */
export function deleteStep(context: WriteContext, rights: NonNullable<RoleTable['delete']>, answer: Answer): WriteStep {
  const { table, tables, field, session } = context
  const statement = new Statement(session)
  const alias = statement.alias()
  const row = { alias, root: alias }
  const filter = predicateSql(statement, rights.filter, row)
  const wanted =
    answer === 'row'
      ? keyCondition(statement, table, field.arguments)(alias)
      : predicateSql(statement, readWhere(field.arguments['where'], table, tables), row)
  const sql = `delete from ${fromTable(table.model, alias)} where ${conjunction(wanted, filter)}`
  return finishChange(context, { statement, sql, alias, check: 'true', answer, path: '$' })
}
