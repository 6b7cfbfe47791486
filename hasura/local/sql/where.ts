import type { Column } from '../catalog/catalog.ts'
import { checkDepth } from '../request/failure.ts'
import { entriesOf, itemsOf, namesOf, type Value, type ValueObject } from '../request/value.ts'
import { type ColumnModel, findColumnByField } from '../schema/model.ts'
import {
  ALWAYS,
  allOf,
  type ColumnValue,
  isAggregateFunction,
  isOperator,
  OPERATORS,
  type Operand,
  type Operator,
  type Predicate,
  type ResultComparison,
} from '../schema/predicate.ts'
import type { RoleTable, RoleTables } from '../schema/role-tables.ts'

const IMAGINARY = { isArray: false, isNullable: true, hasDefault: false, isGenerated: false, comment: null }
const TEXT_COLUMN: Column = { name: '', sqlType: 'text', typeName: 'text', ...IMAGINARY }

/**
 * A client's `where`, already checked against `x_bool_exp`. Every step to another table brings that table's own row
 * filter for the role: otherwise a condition could ask about rows that the role may not see.
 */
export function readWhere(where: Value | undefined, table: RoleTable, tables: RoleTables): Predicate {
  return readConditions(where, { table, tables, depth: 0 })
}

interface Scope {
  readonly table: RoleTable
  readonly tables: RoleTables
  /** How many relationships the condition went through to come here. */
  readonly depth: number
}

function readConditions(where: Value | undefined, scope: Scope): Predicate {
  checkDepth(scope.depth, 'the condition')
  return allOf(...entriesOf(where).map(([key, value]) => readEntry(key, value, scope)))
}

function readEntry(key: string, value: Value, scope: Scope): Predicate {
  const { table, tables, depth } = scope
  if (key === '_and') return { kind: 'and', items: itemsOf(value).map((item) => readConditions(item, scope)) }
  if (key === '_or') return { kind: 'or', items: itemsOf(value).map((item) => readConditions(item, scope)) }
  if (key === '_not') return { kind: 'not', item: readConditions(value, scope) }
  const column = findColumnByField(table.model, key)
  if (column !== undefined) return readComparisons(column.column, value)
  const relationship = table.model.relationships.get(key)
  if (relationship === undefined) return readAggregate(key.slice(0, -'_aggregate'.length), value, scope)
  const target = getTable(tables, relationship.target)
  const inner = allOf(
    target.select?.filter ?? ALWAYS,
    readConditions(value, { table: target, tables, depth: depth + 1 }),
  )
  return { kind: 'related', relationship, target: target.model, where: inner, isRoot: true }
}

function readComparisons(column: Column, value: Value): Predicate {
  return allOf(...entriesOf(value).map(([name, operand]) => readComparison(name, operand, column)))
}

function readComparison(name: string, operand: Value, column: Column): Predicate {
  if (name === '_is_null') return { kind: 'isNull', column, isNull: operand === true }
  if (name === '_cast') {
    const items = entriesOf(operand).flatMap(([, conditions]) => entriesOf(conditions))
    const compared = items.map(([operator, right]) =>
      readComparison(operator, right, { ...TEXT_COLUMN, name: column.name }),
    )
    return allOf(...compared.map((item) => (item.kind === 'compare' ? { ...item, column, asText: true } : item)))
  }
  if (!isOperator(name)) throw new Error(`operator ${name} is in the schema but has no SQL`)
  return {
    kind: 'compare',
    column,
    operator: name,
    operand: readOperand(name, operand),
    nullSafe: false,
    asText: false,
  }
}

function readOperand(operator: Operator, value: Value): Operand {
  if (OPERATORS[operator].operandType !== 'list') return { kind: 'value', value: value as ColumnValue }
  return { kind: 'list', values: itemsOf(value) as readonly ColumnValue[] }
}

function readAggregate(name: string, value: Value, { table, tables, depth }: Scope): Predicate {
  const relationship = table.model.relationships.get(name)
  if (relationship === undefined) throw new Error(`${name} is in the schema but is no relationship`)
  const target = getTable(tables, relationship.target)
  const items = entriesOf(value).map(([called, condition]): Predicate => {
    const { filter, distinct, predicate, arguments: columns } = condition as ValueObject
    return {
      kind: 'aggregate',
      relationship,
      target: target.model,
      where: allOf(
        target.select?.filter ?? ALWAYS,
        readConditions(filter, { table: target, tables, depth: depth + 1 }),
      ),
      function: isAggregateFunction(called) ? called : 'count',
      columns: argumentColumns(target, columns).map(({ column }) => column),
      distinct: distinct === true,
      comparisons: entriesOf(predicate).map(([operator, operand]) => readResultComparison(operator, operand)),
    }
  })
  return allOf(...items)
}

/** A name, a list of names, or `{X, Y}`. */
function argumentColumns(table: RoleTable, value: Value | undefined): readonly ColumnModel[] {
  const isPair = typeof value === 'object' && value !== null && 'X' in value
  return isPair ? entriesOf(value).flatMap(([, name]) => namedColumns(table, name)) : namedColumns(table, value)
}

function readResultComparison(name: string, operand: Value): ResultComparison {
  if (name === '_is_null') return { operator: name, isNull: operand === true }
  if (!isOperator(name)) throw new Error(`operator ${name} is in the schema but has no SQL`)
  return { operator: name, operand: readOperand(name, operand) }
}

/** A table that the schema led to, so it is there. */
export function getTable(tables: RoleTables, key: string): RoleTable {
  const table = tables.get(key)
  if (table === undefined) throw new Error(`table ${key} is in the schema but not in the model`)
  return table
}

/** The columns that an argument such as `columns` or `update_columns` names. */
export function namedColumns(table: RoleTable, value: Value | undefined): readonly ColumnModel[] {
  return namesOf(value).flatMap((name) => findColumnByField(table.model, name) ?? [])
}
