import { validationFailed } from '../request/failure.ts'
import { entriesOf, itemsOf, namesOf, type Value } from '../request/value.ts'
import { type ColumnModel, findColumnByField, type RelationshipModel } from '../schema/model.ts'
import { ALWAYS } from '../schema/predicate.ts'
import type { RoleTable, RoleTables } from '../schema/role-tables.ts'
import { fromTable, joinCondition, predicateSql } from './predicate-sql.ts'
import { columnOf, conjunction, type Statement } from './statement.ts'
import { getTable, namedColumns } from './where.ts'

const DIRECTIONS: Readonly<Record<string, string>> = {
  asc: 'asc nulls last',
  asc_nulls_first: 'asc nulls first',
  asc_nulls_last: 'asc nulls last',
  desc: 'desc nulls first',
  desc_nulls_first: 'desc nulls first',
  desc_nulls_last: 'desc nulls last',
}

interface OrderTerm {
  /** The column itself when it is one of the ordered table: `distinct_on` must begin with those. */
  readonly column: ColumnModel | undefined
  readonly sql: string
}

interface Ordering {
  readonly statement: Statement
  readonly table: RoleTable
  readonly tables: RoleTables
  readonly alias: string
}

export interface OrderArguments {
  readonly order_by?: Value
  readonly distinct_on?: Value
}

/** The `distinct on (…)` and `order by …` of a list of rows; empty texts when there is none. */
export function orderSql(ordering: Ordering, args: OrderArguments, path: string): { distinct: string; order: string } {
  const terms = itemsOf(args.order_by).flatMap((item) => readTerms(item, ordering))
  const distinct = namedColumns(ordering.table, args.distinct_on)
  const initial = new Set(terms.slice(0, distinct.length).map(({ column }) => column))
  if (terms.length > 0 && distinct.some((column) => !initial.has(column))) {
    throw validationFailed('"distinct_on" columns must match initial "order_by" columns', `${path}.args`)
  }
  const distinctColumns = distinct.map(({ column }) => columnOf(ordering.alias, column.name))
  return {
    distinct: distinct.length === 0 ? '' : `distinct on (${distinctColumns.join(', ')}) `,
    order: terms.length === 0 ? '' : ` order by ${terms.map(({ sql }) => sql).join(', ')}`,
  }
}

function readTerms(value: Value, ordering: Ordering): readonly OrderTerm[] {
  return entriesOf(value).flatMap(([key, below]) => {
    if (below === null) return []
    const column = findColumnByField(ordering.table.model, key)
    if (column === undefined) return readRelated(key, below, ordering)
    const sql = `${columnOf(ordering.alias, column.column.name)} ${direction(below)}`
    return [{ column, sql }]
  })
}

function direction(value: Value): string {
  return DIRECTIONS[namesOf(value)[0] ?? ''] ?? 'asc nulls last'
}

function readRelated(key: string, value: Value, ordering: Ordering): readonly OrderTerm[] {
  const { relationships } = ordering.table.model
  const object = relationships.get(key)
  if (object?.kind === 'object') return throughObject(object, value, ordering)
  const array = relationships.get(key.slice(0, -'_aggregate'.length))
  if (array === undefined) throw new Error(`${key} is in the schema but is no relationship`)
  return entriesOf(value).flatMap(([operation, below]) => throughAggregate(array, { operation, below }, ordering))
}

/** One correlated subquery per term: the target's row filter applies, so a hidden row sorts as null. */
function throughObject(relationship: RelationshipModel, value: Value, ordering: Ordering): readonly OrderTerm[] {
  const inner = {
    ...ordering,
    table: getTable(ordering.tables, relationship.target),
    alias: ordering.statement.alias(),
  }
  const from = relatedFrom(relationship, ordering, inner)
  return readTerms(value, inner).map(({ sql }) => {
    const [expression, ordered] = splitDirection(sql)
    return { column: undefined, sql: `(select ${expression} ${from} limit 1) ${ordered}` }
  })
}

interface AggregateOrder {
  readonly operation: string
  readonly below: Value
}

function throughAggregate(
  relationship: RelationshipModel,
  { operation, below }: AggregateOrder,
  ordering: Ordering,
): readonly OrderTerm[] {
  if (below === null) return []
  const inner = {
    ...ordering,
    table: getTable(ordering.tables, relationship.target),
    alias: ordering.statement.alias(),
  }
  const from = relatedFrom(relationship, ordering, inner)
  if (operation === 'count') return [{ column: undefined, sql: `(select count(*) ${from}) ${direction(below)}` }]
  return entriesOf(below).flatMap(([field, ordered]) => {
    const column = findColumnByField(inner.table.model, field)
    if (column === undefined || ordered === null) return []
    const call = `${operation}(${columnOf(inner.alias, column.column.name)})`
    return [{ column: undefined, sql: `(select ${call} ${from}) ${direction(ordered)}` }]
  })
}

function relatedFrom(relationship: RelationshipModel, outer: Ordering, inner: Ordering): string {
  const filter = predicateSql(inner.statement, inner.table.select?.filter ?? ALWAYS, {
    alias: inner.alias,
    root: inner.alias,
  })
  const join = joinCondition(relationship.mapping, outer.alias, inner.alias)
  return `from ${fromTable(inner.table.model, inner.alias)} where ${conjunction(join, filter)}`
}

/** A direction is always the last three words of a term. */
function splitDirection(sql: string): readonly [string, string] {
  const words = sql.split(' ')
  return [words.slice(0, -3).join(' '), words.slice(-3).join(' ')]
}
