import type { Column } from '../catalog/catalog.ts'
import { OPERATORS, type Operator } from './predicate.ts'
import { isText } from './scalars.ts'

const JSONB_ONLY = ['_has_key', '_has_keys_any', '_has_keys_all', '_jsonb_path_exists', '_jsonb_path_match']
const CONTAINMENT = ['_contains', '_contained_in']
/** Types of extensions for which Hasura has containment too. */
const TREES = ['ltree', 'hstore']

/** Whether a column's type has the operator; Postgres would only say so when a request comes. */
export function hasOperator(column: Column, operator: Operator): boolean {
  const isJsonb = column.typeName === 'jsonb' && !column.isArray
  if (OPERATORS[operator].operandType === 'pattern') return isText(column)
  if (JSONB_ONLY.includes(operator)) return isJsonb
  if (CONTAINMENT.includes(operator)) return isJsonb || column.isArray || TREES.includes(column.typeName)
  return true
}

export function areComparable(one: Column, other: Column): boolean {
  return one.isArray === other.isArray && (one.typeName === other.typeName || (isText(one) && isText(other)))
}
