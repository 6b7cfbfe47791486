/** A number kept as it is written, for what a double cannot hold: `-14400.0`, or an integer beyond 2^53. */
export interface WrittenNumber {
  readonly rawJSON: string
}
export type Json = null | boolean | number | string | WrittenNumber | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [key: string]: Json
}

// Node 24 has both (ECMAScript proposal "JSON.parse source text access"); the library types do not yet.
const { rawJSON, isRawJSON } = JSON as unknown as {
  rawJSON: (text: string) => WrittenNumber
  isRawJSON: (value: unknown) => value is WrittenNumber
}
type Reviver = (key: string, value: unknown) => unknown

/** Parses so that JSON.stringify gives every number back as it was written. Throws SyntaxError. */
export function parseExactly(text: string): Json {
  const keepText = (_key: string, value: unknown, context?: { source?: string }): unknown => {
    const source = context?.source
    return typeof value !== 'number' || source === undefined || String(value) === source ? value : rawJSON(source)
  }
  return JSON.parse(text, keepText as Reviver) as Json
}

/** Written with a decimal point even when whole, as Strava writes its floats: `5000.0`. */
export function decimal(value: number, digits = 1): Json {
  const rounded = Number(value.toFixed(digits))
  return Number.isInteger(rounded) ? rawJSON(rounded.toFixed(1)) : rounded
}

export function integer(value: bigint): Json {
  return rawJSON(value.toString())
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawJSON(value)
}

/** Undefined when the field is missing or no number. */
export function readNumber(object: JsonObject, field: string): number | undefined {
  return asNumber(object[field])
}

/** Undefined when the field is missing, or empty as for an activity without GPS. */
export function readPosition(
  object: JsonObject,
  field: string,
): readonly [latitude: number, longitude: number] | undefined {
  const value = object[field]
  if (!Array.isArray(value)) return undefined
  const [latitude, longitude] = [asNumber(value[0]), asNumber(value[1])]
  return latitude === undefined || longitude === undefined ? undefined : [latitude, longitude]
}

function asNumber(value: Json | undefined): number | undefined {
  if (typeof value === 'number') return value
  return isRawJSON(value) ? Number(value.rawJSON) : undefined
}

/** Undefined when the field is missing or no string. */
export function readText(object: JsonObject, field: string): string | undefined {
  const value = object[field]
  return typeof value === 'string' ? value : undefined
}

/** The digits of an id, exact. */
export function readId(object: JsonObject): string {
  const value = object['id']
  return isRawJSON(value) ? value.rawJSON : typeof value === 'number' || typeof value === 'string' ? String(value) : ''
}
