import type { Column } from '../catalog/catalog.ts'

/** Facts §5.7. What is not listed has a scalar named exactly as the Postgres type. */
const SCALAR_BY_TYPE: Readonly<Record<string, string>> = {
  int4: 'Int',
  int2: 'smallint',
  int8: 'bigint',
  float4: 'Float',
  float8: 'float8',
  bool: 'Boolean',
  text: 'String',
  varchar: 'String',
}

export const NUMERIC_TYPES = ['int2', 'int4', 'int8', 'float4', 'float8', 'numeric', 'money']
const TEXT_TYPES = ['text', 'varchar', 'bpchar', 'citext']
/** Types Hasura knows and that have an order; `max(uuid)` exists in its schema and fails in Postgres, as there. */
const ORDERED_TYPES = [...NUMERIC_TYPES, ...TEXT_TYPES, 'uuid', 'date', 'timestamp', 'timestamptz', 'timetz', 'char']

export function scalarOf(column: Column): string {
  return SCALAR_BY_TYPE[column.typeName] ?? column.typeName
}

export function isNumeric(column: Column): boolean {
  return !column.isArray && NUMERIC_TYPES.includes(column.typeName)
}

/** A number that JavaScript's own may not hold. */
export function isLongNumber({ typeName, isArray }: Column): boolean {
  return !isArray && ['int8', 'numeric', 'float8', 'money'].includes(typeName)
}

export function isText(column: Column): boolean {
  return !column.isArray && TEXT_TYPES.includes(column.typeName)
}

export function isJson(column: Column): boolean {
  return !column.isArray && (column.typeName === 'jsonb' || column.typeName === 'json')
}

export function isJsonb(column: Column): boolean {
  return !column.isArray && column.typeName === 'jsonb'
}

/** Has `min` and `max`. */
export function isOrdered(column: Column): boolean {
  return !column.isArray && ORDERED_TYPES.includes(column.typeName)
}
