import { validationFailed } from '../request/failure.ts'
import { isValueObject, itemsOf, namesOf, type Value, type ValueObject } from '../request/value.ts'
import { findColumnByField } from '../schema/model.ts'
import { ALWAYS, type ColumnValue } from '../schema/predicate.ts'
import type { RoleTable, RoleTables, WriteRights } from '../schema/role-tables.ts'
import { PLACEHOLDER } from '../schema/type-scope.ts'
import { predicateSql } from './predicate-sql.ts'
import { conjunction, identifier, Statement, tableName } from './statement.ts'
import { namedColumns, readWhere } from './where.ts'
import {
  type Answer,
  checkSql,
  finishChange,
  nothingToDo,
  presetValues,
  type WriteContext,
  type WriteStep,
} from './write.ts'

/** `insert_x` and `insert_x_one`. */
export function insertStep(context: WriteContext, rights: WriteRights, answer: Answer): WriteStep {
  const { table, tables, field, session } = context
  const argument = answer === 'row' ? 'object' : 'objects'
  const objects = itemsOf(field.arguments[argument]).filter(isValueObject)
  if (objects.length === 0) return nothingToDo(context, answer)
  const statement = new Statement(session)
  const alias = statement.alias()
  const into = `insert into ${tableName(table.model.catalog)} as ${alias} ${valuesSql(statement, { objects, table, rights })}`
  const conflict = readConflict(field.arguments['on_conflict'], table, `${field.path}.args.on_conflict`)
  const sql = conflict === undefined ? into : `${into} ${conflictSql(statement, conflict, { table, tables, alias })}`
  const check = insertCheck(statement, { table, rights, alias, updates: (conflict?.columns.length ?? 0) > 0 })
  return finishChange(context, { statement, sql, alias, check, answer, path: `${field.path}.args.${argument}` })
}

interface Rows {
  readonly objects: readonly ValueObject[]
  readonly table: RoleTable
  readonly rights: WriteRights
}

/** One list of columns for all rows; what a row does not give takes its default. */
function valuesSql(statement: Statement, { objects, table, rights }: Rows): string {
  const presets = presetValues(statement, rights)
  const given = table.model.catalog.columns.filter(({ name }) => {
    const field = table.model.columns.get(name)?.name
    return presets.has(name) || (field !== undefined && objects.some((object) => Object.hasOwn(object, field)))
  })
  const columns = given.length === 0 ? table.model.catalog.columns.slice(0, 1) : given
  const rows = objects.map((object) => {
    const values = columns.map(({ name, sqlType }) => {
      const value = object[table.model.columns.get(name)?.name ?? '']
      return presets.get(name) ?? (value === undefined ? 'default' : statement.parameter(value as ColumnValue, sqlType))
    })
    return `(${values.join(', ')})`
  })
  return `(${columns.map(({ name }) => identifier(name)).join(', ')}) values ${rows.join(', ')}`
}

interface Conflict {
  readonly constraint: string
  /** Postgres names; none means "do nothing". */
  readonly columns: readonly string[]
  readonly where: Value | undefined
}

function readConflict(value: Value | undefined, table: RoleTable, path: string): Conflict | undefined {
  if (!isValueObject(value)) return undefined
  const { constraint, update_columns: columns, where } = value
  if (itemsOf(columns).includes(PLACEHOLDER) && findColumnByField(table.model, PLACEHOLDER) === undefined) {
    throw validationFailed('erroneous column name', path)
  }
  return {
    constraint: namesOf(constraint)[0] ?? '',
    columns: namedColumns(table, columns).map(({ column }) => column.name),
    where,
  }
}

interface ConflictPlace {
  readonly table: RoleTable
  readonly tables: RoleTables
  readonly alias: string
}

/** A row that the update permission does not cover is passed over in silence, as any update would. */
function conflictSql(statement: Statement, conflict: Conflict, { table, tables, alias }: ConflictPlace): string {
  const target = `on conflict on constraint ${identifier(conflict.constraint)}`
  if (conflict.columns.length === 0) return `${target} do nothing`
  const presets = table.update === undefined ? new Map<string, string>() : presetValues(statement, table.update)
  const set = [
    ...conflict.columns.map((name) => `${identifier(name)} = excluded.${identifier(name)}`),
    ...[...presets].map(([name, value]) => `${identifier(name)} = ${value}`),
  ]
  const row = { alias, root: alias }
  const filter = predicateSql(statement, table.update?.filter ?? ALWAYS, row)
  const wanted = predicateSql(statement, readWhere(conflict.where, table, tables), row)
  return `${target} do update set ${set.join(', ')} where ${conjunction(filter, wanted)}`
}

interface InsertCheck {
  readonly table: RoleTable
  readonly rights: WriteRights
  readonly alias: string
  readonly updates: boolean
}

/** An inserted row has no `xmax`; one that the conflict clause updated has, and answers to the update's check. */
function insertCheck(statement: Statement, { table, rights, alias, updates }: InsertCheck): string {
  const inserted = checkSql(statement, rights, alias)
  if (!updates) return inserted
  const updated = checkSql(statement, table.update, alias)
  return inserted === updated ? inserted : `case when ${alias}.xmax = 0 then ${inserted} else ${updated} end`
}
