import { type Column, tableKey } from '../catalog/catalog.ts'
import type { BooleanExpression } from '../metadata/types.ts'
import { toColumnValue } from './column-values.ts'
import type { ColumnModel, Model, TableModel } from './model.ts'
import { areComparable, hasOperator } from './operator-fit.ts'
import { isOperator, OPERATORS, type Operand, type Operator, type Predicate } from './predicate.ts'

interface Scope {
  readonly model: Model
  readonly table: TableModel
  readonly root: TableModel
}

const LOGICAL = new Map([
  ['_and', 'and'],
  ['_or', 'or'],
] as const)
const COLUMN_OPERATORS: Readonly<Record<string, Operator>> = {
  _ceq: '_eq',
  _cne: '_neq',
  _cneq: '_neq',
  _cgt: '_gt',
  _clt: '_lt',
  _cgte: '_gte',
  _clte: '_lte',
}

/**
 * Reads a permission's `filter` or `check` for the table it is on. Relationships lead to rows as they are:
 * the target's own permissions play no part. Throws Error with the reason when it does not fit the tables.
 */
export function readPermissionExpression(expression: BooleanExpression, model: Model, table: TableModel): Predicate {
  return readExpression(expression, { model, table, root: table })
}

function readExpression(expression: unknown, scope: Scope): Predicate {
  const entries = Object.entries(mapping(expression, 'a permission expression'))
  const items = entries.map(([key, value]) => readEntry(underscored(key), value, scope))
  const [only] = items
  return items.length === 1 && only !== undefined ? only : { kind: 'and', items }
}

function readEntry(key: string, value: unknown, scope: Scope): Predicate {
  if (key === '_and' || key === '_or') {
    const items = list(value, key).map((item) => readExpression(item, scope))
    return { kind: LOGICAL.get(key) ?? 'and', items }
  }
  if (key === '_not') return { kind: 'not', item: readExpression(value, scope) }
  if (key === '_exists') return readExists(mapping(value, key), scope)
  const column = scope.table.columns.get(key)
  if (column !== undefined) return readColumn(column, value, scope)
  const relationship = scope.table.relationships.get(key)
  const target = relationship === undefined ? undefined : scope.model.get(relationship.target)
  if (relationship === undefined || target === undefined) {
    throw new Error(`"${key}" does not exist in table "${scope.table.catalog.name}"`)
  }
  return {
    kind: 'related',
    relationship,
    target,
    where: readExpression(value, { ...scope, table: target }),
    isRoot: false,
  }
}

function readExists({ _table: name, _where: where }: Readonly<Record<string, unknown>>, scope: Scope): Predicate {
  const named = typeof name === 'string' ? { name } : mapping(name, '_table')
  const { schema: tableSchema = 'public', name: tableName } = named as { schema?: string; name?: string }
  const table = scope.model.get(tableKey({ schema: tableSchema, name: tableName ?? '' }))
  if (table === undefined) throw new Error(`table "${tableName}" of _exists is not tracked`)
  return { kind: 'exists', table, where: readExpression(where, { ...scope, table }) }
}

function readColumn(model: ColumnModel, value: unknown, scope: Scope): Predicate {
  const operators = isMapping(value) ? Object.entries(value) : ([['_eq', value]] as const)
  const items = operators.map(([name, right]) => readComparison(underscored(name), { model, right, scope }))
  const [only] = items
  return items.length === 1 && only !== undefined ? only : { kind: 'and', items }
}

interface Comparison {
  readonly model: ColumnModel
  readonly right: unknown
  readonly scope: Scope
}

function readComparison(written: string, { model, right, scope }: Comparison): Predicate {
  const { column } = model
  if (written === '_is_null') return { kind: 'isNull', column, isNull: right === true || right === 'true' }
  if (written === '_cast') return readCast({ model, right, scope })
  const ofColumn = COLUMN_OPERATORS[written]
  if (ofColumn !== undefined) {
    return { kind: 'compare', column, operator: ofColumn, operand: readColumnName(right, { column, scope }), ...PLAIN }
  }
  const operator = written === '_ne' ? '_neq' : written
  if (!isOperator(operator)) throw new Error(`operator "${written}" on column "${column.name}" is not implemented`)
  if (!hasOperator(column, operator))
    throw new Error(`operator "${written}" does not exist for column "${column.name}" of type "${column.sqlType}"`)
  return {
    kind: 'compare',
    column,
    operator,
    operand: readOperand(operator, right, model),
    nullSafe: true,
    asText: false,
  }
}

const PLAIN = { nullSafe: false, asText: false } as const

function readCast({ model, right, scope }: Comparison): Predicate {
  const { String: conditions, ...others } = mapping(right, '_cast')
  if (Object.keys(others).length > 0)
    throw new Error(`"_cast" of column "${model.column.name}" is implemented to String only`)
  const asText = { ...model, column: { ...model.column, typeName: 'text', isArray: false } }
  const items = Object.entries(mapping(conditions, 'String')).map(([name, operand]) => {
    const read = readComparison(underscored(name), { model: asText, right: operand, scope })
    return read.kind === 'compare' ? { ...read, column: model.column, asText: true } : read
  })
  return { kind: 'and', items }
}

function readOperand(operator: Operator, value: unknown, { column }: ColumnModel): Operand {
  const session = sessionVariable(value)
  if (session !== undefined) return { kind: 'session', name: session }
  const { operandType } = OPERATORS[operator]
  if (operandType === 'list')
    return { kind: 'list', values: list(value, operator).map((item) => toColumnValue(column, item)) }
  if (operandType === 'texts') return { kind: 'value', value: list(value, operator).map(String) }
  if (operandType === 'column') return { kind: 'value', value: toColumnValue(column, value) }
  return { kind: 'value', value: String(value) }
}

/** `x-hasura-…` in any case, lower-cased; undefined when the value is a literal. */
export function sessionVariable(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  if (value === 'REQ_USER_ID') return 'x-hasura-user-id'
  return /^x-hasura-/i.test(value) ? value.toLowerCase() : undefined
}

function readColumnName(value: unknown, { column, scope }: { column: Column; scope: Scope }): Operand {
  const ofRoot = Array.isArray(value) && value.length === 2 && value[0] === '$'
  const name = Array.isArray(value) ? value.at(-1) : value
  const table = ofRoot ? scope.root : scope.table
  const other = typeof name === 'string' ? table.columns.get(name)?.column : undefined
  if (other === undefined) throw new Error(`column "${String(name)}" does not exist in table "${table.catalog.name}"`)
  if (!areComparable(column, other))
    throw new Error(`column "${column.name}" cannot be compared with "${other.name}", which is of another type`)
  return { kind: 'column', column: other.name, ofRoot }
}

function underscored(key: string): string {
  return key.startsWith('$') ? `_${key.slice(1)}` : key
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function mapping(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (!isMapping(value)) throw new Error(`expected an object for ${what}`)
  return value
}

function list(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`expected a list for ${what}`)
  return value
}
