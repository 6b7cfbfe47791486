import { isLongNumber } from '../lossless-json.ts'
import type { ColumnValue } from './predicate.ts'
import { scientificText } from './scientific.ts'

/** A JSON value that cannot stand for the column's type; the message is Hasura's. */
export class ColumnValueError extends Error {}

export interface ValueType {
  readonly typeName: string
  readonly isArray: boolean
}

const INTEGER_BITS: Readonly<Record<string, number>> = { int2: 16, int4: 32, int8: 64 }
const NUMBER_TYPES = ['int2', 'int4', 'int8', 'float4', 'float8', 'numeric', 'money', 'oid']
const PARSER_NAMES: Readonly<Record<string, string>> = {
  uuid: 'UUID',
  date: 'Day',
  timestamp: 'LocalTime',
  timestamptz: 'UTCTime',
}

/**
 * A JSON value as text for its column. Lenient as Hasura is: any string is left to Postgres to read; a
 * value of the wrong kind is refused here. Throws ColumnValueError.
 */
export function toColumnValue(type: ValueType, json: unknown): ColumnValue {
  if (json === null || json === undefined) return null
  if (type.isArray) {
    const element = { ...type, isArray: false }
    return Array.isArray(json) ? json.map((item) => toColumnValue(element, item)) : toText(element, json)
  }
  return toText(type, json)
}

function toText({ typeName }: ValueType, json: unknown): string {
  if (typeName === 'json' || typeName === 'jsonb') return JSON.stringify(json)
  if (typeof json === 'string') return json
  if (typeof json === 'number' && NUMBER_TYPES.includes(typeName)) return numberText(typeName, String(json))
  if (typeof json === 'boolean' && typeName === 'bool') return String(json)
  throw new ColumnValueError(
    `parsing ${parserName(typeName)} failed, expected ${expectedKind(typeName)}, but encountered ${kindOf(json)}`,
  )
}

/** A number with every digit, in the notation that Hasura sends for its type. Throws ColumnValueError. */
export function numberText(typeName: string, text: string): string {
  // Postgres' money is the one number type that does not read an exponent.
  if (typeName === 'money' && /e/i.test(text)) return Number(text).toFixed(4)
  if (typeName === 'numeric') return scientificText(text)
  const bits = INTEGER_BITS[typeName]
  if (bits === undefined) return text
  const integer = asInteger(text)
  const limit = 2n ** BigInt(bits - 1)
  if (integer !== undefined && integer >= -limit && integer < limit) return String(integer)
  throw new ColumnValueError(
    `The value ${scientificText(text)} lies outside the bounds or is not an integer. ` +
      'Maybe it is a float, or is there integer overflow?',
  )
}

export function takesNumbers(typeName: string): boolean {
  return NUMBER_TYPES.includes(typeName)
}

function asInteger(text: string): bigint | undefined {
  if (/^-?\d+$/.test(text)) return BigInt(text)
  const number = Number(text)
  return Number.isInteger(number) ? BigInt(number) : undefined
}

function parserName(typeName: string): string {
  if (typeName === 'bool') return 'Bool'
  if (NUMBER_TYPES.includes(typeName)) return 'number'
  return PARSER_NAMES[typeName] ?? 'Text'
}

function expectedKind(typeName: string): string {
  if (typeName === 'bool') return 'Bool'
  return NUMBER_TYPES.includes(typeName) ? 'Number' : 'String'
}

function kindOf(json: unknown): string {
  if (Array.isArray(json)) return 'Array'
  if (isLongNumber(json)) return 'Number'
  if (typeof json === 'object') return 'Object'
  if (typeof json === 'boolean') return 'Boolean'
  return typeof json === 'number' ? 'Number' : 'String'
}
