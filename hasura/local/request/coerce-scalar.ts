import { type GraphQLScalarType, Kind } from 'graphql'
import type { InputFacts } from '../schema/meaning.ts'
import { validationFailed } from './failure.ts'
import { describeKind, type Input, kindOf, numberText } from './input.ts'
import { toJson } from './to-json.ts'
import type { Value } from './value.ts'

interface Place {
  readonly path: string
  readonly facts: InputFacts
  readonly lookup: (name: string) => Input
}

const INT_LIMIT = 2 ** 31

const EXPECTED: Readonly<Record<string, string>> = {
  Boolean: 'a boolean',
  Float: 'a float',
  ID: 'an ID',
  Int: 'a 32-bit integer',
  String: 'a string',
}

/** A scalar that Hasura itself reads (`limit`, an action's argument); a scalar it does not know takes any JSON. */
export function coerceStrictScalar(type: GraphQLScalarType, input: Input, place: Place): Value {
  const value = readScalar(type.name, input, place)
  if (value !== undefined) return value
  const expected = place.facts.integer === undefined ? EXPECTED[type.name] : `a ${place.facts.integer} integer`
  const message = `expected ${expected ?? 'a value'} for type '${type.name}', but found ${describeKind(input)}`
  throw validationFailed(message, place.path)
}

/** Undefined when the input is not of that type. */
function readScalar(name: string, input: Input, place: Place): Value | undefined {
  const kind = kindOf(input)
  const json = kind === 'object' || kind === 'list' ? undefined : toJson(input, place.lookup)
  if (name === 'Boolean') return typeof json === 'boolean' ? json : undefined
  if (name === 'String') return kind === 'string' ? String(json) : undefined
  if (name === 'Float') return kind === 'integer' || kind === 'float' ? Number(numberText(input)) : undefined
  if (name === 'ID') return kind === 'string' || kind === 'integer' ? (numberText(input) ?? String(json)) : undefined
  if (name === 'Int') return readInteger(input, place.facts)
  return kind === 'null' ? undefined : (toJson(input, place.lookup) as Value)
}

function readInteger(input: Input, { integer }: InputFacts): Value | undefined {
  const text = numberText(input)
  if (integer === '64-bit') return readLongInteger(text ?? stringOf(input))
  const number = Number(text)
  if (text === undefined || !Number.isInteger(number)) return undefined
  const lowest = integer === undefined ? -INT_LIMIT : 0
  return number >= lowest && number < INT_LIMIT ? number : undefined
}

/** As text: JavaScript's numbers end at 2^53. */
function readLongInteger(text: string | undefined): Value | undefined {
  if (text === undefined || !/^-?\d{1,19}$/.test(text)) return undefined
  return BigInt.asIntN(64, BigInt(text)) === BigInt(text) ? text : undefined
}

function stringOf(input: Input): string | undefined {
  if (input.origin === 'literal') return input.node.kind === Kind.STRING ? input.node.value : undefined
  return typeof input.value === 'string' ? input.value : undefined
}
