import type { Column } from '../catalog/catalog.ts'
import { validationFailed } from '../request/failure.ts'
import { entriesOf, isValueObject, type Value, type ValueObject } from '../request/value.ts'
import { findColumnByField } from '../schema/model.ts'
import type { ColumnValue } from '../schema/predicate.ts'
import type { RoleTable, WriteRights } from '../schema/role-tables.ts'
import { fromTable, predicateSql } from './predicate-sql.ts'
import { keyCondition } from './rows.ts'
import { columnOf, conjunction, identifier, Statement } from './statement.ts'
import { readWhere } from './where.ts'
import {
  type Answer,
  checkSql,
  finishChange,
  nothingToDo,
  presetValues,
  type WriteContext,
  type WriteStep,
} from './write.ts'

type UpdateRights = NonNullable<RoleTable['update']>

interface Assignment {
  readonly column: Column
  /** The new value, from the old one and the given one. */
  readonly value: (old: string, statement: Statement) => string
}

type Operator = (column: Column, given: ColumnValue) => Assignment['value']

const OPERATORS: Readonly<Record<string, Operator>> = {
  _set:
    ({ sqlType }, given) =>
    (_old, statement) =>
      statement.parameter(given, sqlType),
  _inc:
    ({ sqlType }, given) =>
    (old, statement) =>
      `${old} + ${statement.parameter(given, sqlType)}`,
  _append: (_column, given) => (old, statement) => `${old} || ${statement.parameter(given, 'jsonb')}`,
  _prepend: (_column, given) => (old, statement) => `${statement.parameter(given, 'jsonb')} || ${old}`,
  _delete_key: (_column, given) => (old, statement) => `${old} - ${statement.parameter(given, 'text')}`,
  _delete_elem: (_column, given) => (old, statement) => `${old} - ${statement.parameter(given, 'integer')}`,
  _delete_at_path: (_column, given) => (old, statement) => `${old} #- ${statement.parameter(given, 'text[]')}`,
}

/** `update_x` and `update_x_by_pk`; `args` are the field's own, or one item of `update_x_many`. */
export function updateStep(context: WriteContext, rights: UpdateRights, args: ValueObject): WriteStep {
  const { table, tables, field, session } = context
  const { pk_columns: key, where } = args
  const answer: Answer = key === undefined ? 'response' : 'row'
  const assignments = readAssignments(args, table, `${field.path}.args`)
  if (assignments.length === 0 && rights.presets.length === 0) return nothingToDo(context, answer)
  const statement = new Statement(session)
  const alias = statement.alias()
  const row = { alias, root: alias }
  const set = setSql(statement, assignments, { alias, rights })
  const filter = predicateSql(statement, rights.filter, row)
  const wanted = predicateSql(statement, readWhere(where, table, tables), row)
  const keyed = isValueObject(key) ? keyCondition(statement, table, key)(alias) : 'true'
  const sql = `update ${fromTable(table.model, alias)} set ${set} where ${conjunction(keyed, filter, wanted)}`
  return finishChange(context, { statement, sql, alias, check: checkSql(statement, rights, alias), answer, path: '$' })
}

function readAssignments(args: ValueObject, table: RoleTable, path: string): readonly Assignment[] {
  const assignments = Object.entries(OPERATORS).flatMap(([name, operator]) => {
    return entriesOf(args[name]).flatMap(([field, given]: readonly [string, Value]) => {
      const column = findColumnByField(table.model, field)?.column
      return column === undefined ? [] : [{ field, column, value: operator(column, given as ColumnValue) }]
    })
  })
  const names = assignments.map(({ field }) => field)
  const repeated = [...new Set(names.filter((name, index) => names.indexOf(name) !== index))]
  if (repeated.length > 0) {
    const listed = repeated.map((name) => `'${name}'`).join(', ')
    throw validationFailed(`Column found in multiple operators: [${listed}].`, path)
  }
  return assignments
}

interface SetPlace {
  readonly alias: string
  readonly rights: WriteRights
}

function setSql(statement: Statement, assignments: readonly Assignment[], { alias, rights }: SetPlace): string {
  const presets = [...presetValues(statement, rights)].map(([name, value]) => `${identifier(name)} = ${value}`)
  const given = assignments.map(({ column, value }) => {
    return `${identifier(column.name)} = ${value(columnOf(alias, column.name), statement)}`
  })
  return [...presets, ...given].join(', ')
}
