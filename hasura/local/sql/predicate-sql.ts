import type { Column } from '../catalog/catalog.ts'
import type { RelationshipModel, TableModel } from '../schema/model.ts'
import {
  AGGREGATE_FUNCTIONS,
  OF_PAIRS,
  OPERATORS,
  type Operand,
  type Operator,
  type Predicate,
  type ResultComparison,
} from '../schema/predicate.ts'
import { columnOf, conjunction, type Statement, tableName } from './statement.ts'

export interface Row {
  /** The row that plain column names belong to. */
  readonly alias: string
  /** The row that `["$", column]` belongs to. */
  readonly root: string
}

type Kind<K extends Predicate['kind']> = Extract<Predicate, { kind: K }>

/** A condition in SQL about one aliased row. */
export function predicateSql(statement: Statement, predicate: Predicate, row: Row): string {
  switch (predicate.kind) {
    case 'and':
    case 'or':
      return joined(statement, predicate, row)
    case 'not':
      return `not (${predicateSql(statement, predicate.item, row)})`
    case 'isNull':
      return `${columnOf(row.alias, predicate.column.name)} is ${predicate.isNull ? '' : 'not '}null`
    case 'compare':
      return comparison(statement, predicate, row)
    case 'related':
      return related(statement, predicate, row)
    case 'exists': {
      const alias = statement.alias()
      const where = predicateSql(statement, predicate.where, { alias, root: row.root })
      return `exists (select 1 from ${tableName(predicate.table.catalog)} ${alias} where ${where})`
    }
    case 'aggregate':
      return aggregateComparison(statement, predicate, row)
  }
}

function joined(statement: Statement, { kind, items }: Kind<'and' | 'or'>, row: Row): string {
  if (items.length === 0) return kind === 'and' ? 'true' : 'false'
  return `(${items.map((item) => predicateSql(statement, item, row)).join(` ${kind} `)})`
}

function related(statement: Statement, predicate: Kind<'related'>, row: Row): string {
  const { relationship, target, where, isRoot } = predicate
  const alias = statement.alias()
  const condition = predicateSql(statement, where, { alias, root: isRoot ? alias : row.root })
  const join = joinCondition(relationship.mapping, row.alias, alias)
  return `exists (select 1 from ${tableName(target.catalog)} ${alias} where ${conjunction(join, condition)})`
}

/** How the rows on both sides of a relationship find each other. */
export function joinCondition(mapping: RelationshipModel['mapping'], own: string, other: string): string {
  return mapping
    .map(([ownColumn, otherColumn]) => `${columnOf(own, ownColumn)} = ${columnOf(other, otherColumn)}`)
    .join(' and ')
}

function comparison(statement: Statement, predicate: Kind<'compare'>, row: Row): string {
  const { column, operator, operand, nullSafe, asText } = predicate
  const plain = columnOf(row.alias, column.name)
  const left = asText ? `(${plain})::text` : plain
  const types = asText ? { ...column, sqlType: 'text' } : column
  if (operand.kind === 'value' && operand.value === null && nullSafe) return nullComparison(left, operator)
  const right = operandSql(statement, operand, { operator, column: types, row })
  if (operator === '_nin') return `not (${left} = any (${right}))`
  if (operator === '_in') return `${left} = any (${right})`
  const compared = `${left} ${OPERATORS[operator].sql} ${right}`
  // A literal or session variable is never null here, so only the column can be.
  return operator === '_neq' && nullSafe && column.isNullable ? `(${compared} or ${left} is null)` : compared
}

function nullComparison(left: string, operator: Operator): string {
  if (operator === '_eq') return `${left} is null`
  return operator === '_neq' ? `${left} is not null` : 'false'
}

interface Side {
  readonly operator: Operator
  readonly column: Column
  readonly row: Row
}

function operandSql(statement: Statement, operand: Operand, { operator, column, row }: Side): string {
  const sqlType = operandType(operator, column)
  switch (operand.kind) {
    case 'column':
      return columnOf(operand.ofRoot ? row.root : row.alias, operand.column)
    case 'session':
      return statement.sessionVariable(operand.name, sqlType)
    case 'value':
      return statement.parameter(operand.value, sqlType)
    case 'list':
      // An array of arrays is not what `any` looks through; text of each array, compared one by one, is.
      if (!column.isArray) return statement.parameter(operand.values, sqlType)
      return arrayRows(statement, operand.values, column)
  }
}

function arrayRows(statement: Statement, values: Extract<Operand, { kind: 'list' }>['values'], column: Column): string {
  if (values.length === 0) return `select null::${column.sqlType} where false`
  return `values ${values.map((value) => `(${statement.parameter(value, column.sqlType)})`).join(', ')}`
}

function operandType(operator: Operator, column: Column): string {
  switch (OPERATORS[operator].operandType) {
    case 'column':
      return column.sqlType
    case 'list':
      return column.isArray ? column.sqlType : `${column.sqlType}[]`
    case 'pattern':
      return column.typeName === 'citext' ? column.sqlType : 'text'
    case 'text':
      return 'text'
    case 'texts':
      return 'text[]'
    case 'jsonpath':
      return 'jsonpath'
  }
}

function aggregateComparison(statement: Statement, predicate: Kind<'aggregate'>, row: Row): string {
  const { relationship, target, where, columns, distinct, comparisons } = predicate
  if (comparisons.length === 0) return 'true'
  const alias = statement.alias()
  const condition = predicateSql(statement, where, { alias, root: alias })
  const names = columns.map((column) => columnOf(alias, column.name))
  const call = aggregateCall(predicate.function, names, distinct)
  const type = AGGREGATE_FUNCTIONS[predicate.function]
  const compared = comparisons.map((comparison) => resultComparison(statement, comparison, { call, type }))
  const from = `${tableName(target.catalog)} ${alias}`
  const join = joinCondition(relationship.mapping, row.alias, alias)
  return `(select ${conjunction(...compared)} from ${from} where ${conjunction(join, condition)})`
}

function resultComparison(
  statement: Statement,
  comparison: ResultComparison,
  { call, type }: { call: string; type: string },
): string {
  if (comparison.operator === '_is_null') return `${call} is ${comparison.isNull ? '' : 'not '}null`
  const { operator, operand } = comparison
  const isList = OPERATORS[operator].operandType === 'list'
  const right =
    operand.kind === 'value'
      ? statement.parameter(operand.value, isList ? `${type}[]` : type)
      : listParameter(statement, operand, `${type}[]`)
  if (operator === '_nin') return `not (${call} = any (${right}))`
  return operator === '_in' ? `${call} = any (${right})` : `${call} ${OPERATORS[operator].sql} ${right}`
}

function listParameter(statement: Statement, operand: Operand, sqlType: string): string {
  return statement.parameter(operand.kind === 'list' ? operand.values : null, sqlType)
}

function aggregateCall(name: string, columns: readonly string[], distinct: boolean): string {
  const argument = OF_PAIRS.has(name)
    ? `${distinct ? 'distinct ' : ''}${columns.join(', ')}`
    : countArgument(columns, distinct)
  return `${name}(${argument})`
}

/** The inside of `count(…)`: several columns count as one row. */
export function countArgument(columns: readonly string[], distinct: boolean): string {
  const [only] = columns
  if (only === undefined) return '*'
  const argument = columns.length === 1 ? only : `(${columns.join(', ')})`
  return distinct ? `distinct ${argument}` : argument
}

/** The whole table, under an alias, as a plain `from` item. */
export function fromTable(table: TableModel, alias: string): string {
  return `${tableName(table.catalog)} ${alias}`
}
