import type { Column } from '../catalog/catalog.ts'
import type { RelationshipModel, TableModel } from './model.ts'

/** Text as Postgres reads it for the column's type; a list stands for a Postgres array. */
export type ColumnValue = string | null | readonly ColumnValue[]

export type Operand =
  | { readonly kind: 'value'; readonly value: ColumnValue }
  /** The right side of `_in` and `_nin`. */
  | { readonly kind: 'list'; readonly values: readonly ColumnValue[] }
  | { readonly kind: 'session'; readonly name: string }
  /** Another column, of the same row or of the row the whole permission is about. */
  | { readonly kind: 'column'; readonly column: string; readonly ofRoot: boolean }

/** A condition on one row: from a permission, or from a client's `where`. */
export type Predicate =
  | { readonly kind: 'and' | 'or'; readonly items: readonly Predicate[] }
  | { readonly kind: 'not'; readonly item: Predicate }
  | { readonly kind: 'isNull'; readonly column: Column; readonly isNull: boolean }
  | {
      readonly kind: 'compare'
      readonly column: Column
      readonly operator: Operator
      readonly operand: Operand
      /** Permissions count two nulls as equal; clients' conditions do not. */
      readonly nullSafe: boolean
      /** Compare the column's text (`_cast: {String: …}`). */
      readonly asText: boolean
    }
  | {
      readonly kind: 'related'
      readonly relationship: RelationshipModel
      readonly target: TableModel
      readonly where: Predicate
      /** `["$", column]` in `where` means the target's row, because its own permission begins there. */
      readonly isRoot: boolean
    }
  | { readonly kind: 'exists'; readonly table: TableModel; readonly where: Predicate }
  | {
      readonly kind: 'aggregate'
      readonly relationship: RelationshipModel
      readonly target: TableModel
      readonly where: Predicate
      readonly function: AggregateFunction
      readonly columns: readonly Column[]
      readonly distinct: boolean
      readonly comparisons: readonly ResultComparison[]
    }

/** What a condition on a relationship's rows may compare, and the type of the result; all but `count` take columns of it. */
export const AGGREGATE_FUNCTIONS = {
  count: 'int4',
  bool_and: 'bool',
  bool_or: 'bool',
  avg: 'float8',
  corr: 'float8',
  covar_samp: 'float8',
  max: 'float8',
  min: 'float8',
  stddev_samp: 'float8',
  sum: 'float8',
  var_samp: 'float8',
} as const
/** Those that take two columns, `X` and `Y`. */
export const OF_PAIRS: ReadonlySet<string> = new Set(['corr', 'covar_samp'])
export type AggregateFunction = keyof typeof AGGREGATE_FUNCTIONS

export function isAggregateFunction(name: string): name is AggregateFunction {
  return Object.hasOwn(AGGREGATE_FUNCTIONS, name)
}

/** What the result has to be. */
export type ResultComparison =
  | { readonly operator: Operator; readonly operand: Operand }
  | { readonly operator: '_is_null'; readonly isNull: boolean }

export const ALWAYS: Predicate = { kind: 'and', items: [] }

export function allOf(...items: readonly Predicate[]): Predicate {
  const relevant = items.filter((item) => item.kind !== 'and' || item.items.length > 0)
  const [only] = relevant
  return relevant.length === 1 && only !== undefined ? only : { kind: 'and', items: relevant }
}

/** What the right side of an operator is cast to. */
type OperandType = 'column' | 'list' | 'text' | 'pattern' | 'texts' | 'jsonpath'

interface OperatorFacts {
  readonly sql: string
  readonly operandType: OperandType
}

/** Facts §2.4, §5.4. The column operators (`_ceq` …) share the SQL of their plain forms. */
export const OPERATORS = {
  _eq: { sql: '=', operandType: 'column' },
  _neq: { sql: '<>', operandType: 'column' },
  _gt: { sql: '>', operandType: 'column' },
  _lt: { sql: '<', operandType: 'column' },
  _gte: { sql: '>=', operandType: 'column' },
  _lte: { sql: '<=', operandType: 'column' },
  _in: { sql: '= any', operandType: 'list' },
  _nin: { sql: '= any', operandType: 'list' },
  _like: { sql: 'like', operandType: 'pattern' },
  _nlike: { sql: 'not like', operandType: 'pattern' },
  _ilike: { sql: 'ilike', operandType: 'pattern' },
  _nilike: { sql: 'not ilike', operandType: 'pattern' },
  _similar: { sql: 'similar to', operandType: 'pattern' },
  _nsimilar: { sql: 'not similar to', operandType: 'pattern' },
  _regex: { sql: '~', operandType: 'pattern' },
  _iregex: { sql: '~*', operandType: 'pattern' },
  _nregex: { sql: '!~', operandType: 'pattern' },
  _niregex: { sql: '!~*', operandType: 'pattern' },
  _contains: { sql: '@>', operandType: 'column' },
  _contained_in: { sql: '<@', operandType: 'column' },
  _has_key: { sql: '?', operandType: 'text' },
  _has_keys_any: { sql: '?|', operandType: 'texts' },
  _has_keys_all: { sql: '?&', operandType: 'texts' },
  _jsonb_path_exists: { sql: '@?', operandType: 'jsonpath' },
  _jsonb_path_match: { sql: '@@', operandType: 'jsonpath' },
} as const satisfies Record<string, OperatorFacts>

export type Operator = keyof typeof OPERATORS

export function isOperator(name: string): name is Operator {
  return Object.hasOwn(OPERATORS, name)
}
