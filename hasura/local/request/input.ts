import { Kind, type ValueNode } from 'graphql'
import { isLongNumber } from '../lossless-json.ts'

/** A value of the request, from the query text or from the variables. */
export type Input =
  | { readonly origin: 'literal'; readonly node: ValueNode }
  | { readonly origin: 'json'; readonly value: unknown }

export type InputKind = 'null' | 'boolean' | 'integer' | 'float' | 'string' | 'enum' | 'list' | 'object' | 'variable'

const KIND_BY_NODE = {
  [Kind.NULL]: 'null',
  [Kind.BOOLEAN]: 'boolean',
  [Kind.INT]: 'integer',
  [Kind.FLOAT]: 'float',
  [Kind.STRING]: 'string',
  [Kind.ENUM]: 'enum',
  [Kind.LIST]: 'list',
  [Kind.OBJECT]: 'object',
  [Kind.VARIABLE]: 'variable',
} as const

export function kindOf(input: Input): InputKind {
  if (input.origin === 'literal') return KIND_BY_NODE[input.node.kind]
  const { value } = input
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'list'
  if (isLongNumber(value)) return /^-?\d+$/.test(value.rawJSON) ? 'integer' : 'float'
  if (typeof value === 'object') return 'object'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'float'
  return typeof value === 'boolean' ? 'boolean' : 'string'
}

const WORDS: Readonly<Record<InputKind, string>> = {
  null: 'null',
  boolean: 'a boolean',
  integer: 'an integer',
  float: 'a float',
  string: 'a string',
  enum: 'an enum value',
  list: 'a list',
  object: 'an object',
  variable: 'a variable',
}

/** For "expected …, but found a string". */
export function describeKind(input: Input): string {
  return WORDS[kindOf(input)]
}

/** The members of a list; undefined for anything else. */
export function listItems(input: Input): readonly Input[] | undefined {
  if (input.origin === 'literal') {
    return input.node.kind === Kind.LIST ? input.node.values.map((node) => ({ origin: 'literal', node })) : undefined
  }
  return Array.isArray(input.value) ? input.value.map((value: unknown) => ({ origin: 'json', value })) : undefined
}

/** The members of an object in the order of the request; undefined for anything else. */
export function objectFields(input: Input): ReadonlyMap<string, Input> | undefined {
  if (input.origin === 'literal') {
    if (input.node.kind !== Kind.OBJECT) return undefined
    return new Map(input.node.fields.map(({ name, value }) => [name.value, { origin: 'literal', node: value }]))
  }
  const { value } = input
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isLongNumber(value)) return undefined
  return new Map(Object.entries(value).map(([name, member]) => [name, { origin: 'json', value: member }]))
}

/** The characters of a number as written, so that no digit is lost; undefined for anything else. */
export function numberText(input: Input): string | undefined {
  if (input.origin === 'literal') {
    return input.node.kind === Kind.INT || input.node.kind === Kind.FLOAT ? input.node.value : undefined
  }
  if (isLongNumber(input.value)) return input.value.rawJSON
  return typeof input.value === 'number' ? String(input.value) : undefined
}
