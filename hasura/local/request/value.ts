/** A checked value. Column values are text for Postgres; enums and strict scalars are what they are in JSON. */
export type Value = null | boolean | number | string | readonly Value[] | ValueObject

export interface ValueObject {
  readonly [name: string]: Value
}

export function isValueObject(value: Value | undefined): value is ValueObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The members, in the order of the request; none for null or nothing. */
export function entriesOf(value: Value | undefined): readonly (readonly [string, Value])[] {
  return isValueObject(value) ? Object.entries(value) : []
}

/** The members of a list; one value is a list of one, null or nothing is empty. */
export function itemsOf(value: Value | undefined): readonly Value[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : [value as Value]
}

/** The names that an enum, or a list of them, gives. */
export function namesOf(value: Value | undefined): readonly string[] {
  return itemsOf(value).filter((item) => typeof item === 'string')
}
