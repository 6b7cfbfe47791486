import {
  type GraphQLEnumType,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLScalarType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredInputField,
  Kind,
} from 'graphql'
import { HasuraError } from '../errors.ts'
import { ColumnValueError, numberText as checkedNumber, takesNumbers, toColumnValue } from '../schema/column-values.ts'
import { type InputFacts, inputFacts } from '../schema/meaning.ts'
import { coerceStrictScalar } from './coerce-scalar.ts'
import { validationFailed } from './failure.ts'
import { describeKind, type Input, kindOf, listItems, numberText, objectFields } from './input.ts'
import { toJson, toJsonText } from './to-json.ts'
import type { Value } from './value.ts'
import { resolveVariable } from './variable-use.ts'
import type { Variables } from './variables.ts'

export interface Place {
  readonly path: string
  readonly facts: InputFacts
  readonly variables: Variables
  /** Something stands in for a value that is not given. */
  readonly hasDefault?: boolean
}

/** Reads a value for an argument or input field, with Hasura's rules and messages. */
export function coerce(type: GraphQLInputType, written: Input, place: Place): Value {
  const input = resolveVariable(type, written, place)
  const nullable = isNonNullType(type) ? type.ofType : type
  if (kindOf(input) === 'null' && !isNonNullType(type) && place.facts.refusesNull !== true) return null
  if (isListType(nullable)) return coerceList(nullable.ofType, input, place)
  if (isInputObjectType(nullable)) return coerceObject(nullable, input, place)
  if (isEnumType(nullable)) return coerceEnum(nullable, input, place)
  return coerceLeaf(nullable, input, place)
}

function coerceList(itemType: GraphQLInputType, input: Input, place: Place): Value {
  const items = listItems(input)
  if (items !== undefined) {
    const itemFacts = { ...place.facts, refusesNull: false }
    return items.map((item, index) => {
      return coerce(itemType, item, { ...place, facts: itemFacts, path: `${place.path}[${index}]` })
    })
  }
  if (kindOf(input) === 'null') throw validationFailed('expected a list, but found null', place.path)
  // An array literal in Postgres' own notation.
  if (place.facts.column?.isArray === true && kindOf(input) === 'string') return coerceColumn(input, place)
  return [coerce(itemType, input, place)]
}

function coerceObject(type: GraphQLInputObjectType, input: Input, place: Place): Value {
  const given = objectFields(input)
  if (given === undefined) {
    throw validationFailed(`expected an object for type '${type.name}', but found ${describeKind(input)}`, place.path)
  }
  const fields = type.getFields()
  for (const name of given.keys()) {
    if (fields[name] === undefined) {
      refuseUnimplemented(type, name, place)
      throw validationFailed(`field '${name}' not found in type: '${type.name}'`, `${place.path}.${name}`)
    }
  }
  for (const field of Object.values(fields)) {
    if (isRequiredInputField(field) && !given.has(field.name)) {
      throw validationFailed(`missing required field '${field.name}'`, `${place.path}.${field.name}`)
    }
  }
  const values: Record<string, Value> = {}
  for (const [name, member] of given) {
    const field = fields[name]
    if (field === undefined) continue
    const at = { path: `${place.path}.${name}`, facts: inputFacts(field), variables: place.variables }
    values[name] = coerce(field.type, member, { ...at, hasDefault: field.defaultValue !== undefined })
  }
  for (const { name, defaultValue } of Object.values(fields)) {
    if (defaultValue !== undefined && !given.has(name)) values[name] = defaultValue as Value
  }
  return values
}

/** Hasura has a field there. */
function refuseUnimplemented({ extensions }: GraphQLInputObjectType, name: string, { path }: Place): void {
  const known = extensions['notImplemented']
  const feature = known instanceof Map ? known.get(name) : undefined
  if (feature === undefined) return
  const message = `${String(feature)} are not implemented by the stand-in engine`
  throw new HasuraError({ code: 'not-supported', message, path: `${path}.${name}` })
}

function coerceEnum(type: GraphQLEnumType, input: Input, { path }: Place): Value {
  const kind = kindOf(input)
  if (kind !== 'enum' && !(kind === 'string' && input.origin === 'json')) {
    throw validationFailed(`expected an enum value for type '${type.name}', but found ${describeKind(input)}`, path)
  }
  const written = input.origin === 'json' ? String(input.value) : input.node.kind === Kind.ENUM ? input.node.value : ''
  if (type.getValue(written) === undefined) {
    const values = type.getValues().map(({ name }) => `'${name}'`)
    const expected = values.length === 1 ? `the value ${values[0]}` : `one of the values [${values.join(', ')}]`
    throw validationFailed(`expected ${expected} for type '${type.name}', but found '${written}'`, path)
  }
  return written
}

function coerceLeaf(type: GraphQLScalarType, input: Input, place: Place): Value {
  if (place.facts.column === undefined) {
    return coerceStrictScalar(type, input, { ...place, lookup: (name) => lookUp(name, place) })
  }
  if (kindOf(input) === 'null') throw validationFailed(`unexpected null value for type '${type.name}'`, place.path)
  return coerceColumn(input, place)
}

function coerceColumn(input: Input, place: Place): Value {
  const { column } = place.facts
  if (column === undefined) return null
  const lookup = (name: string) => lookUp(name, place)
  const { typeName } = column
  const number = numberText(input)
  try {
    if (typeName === 'json' || typeName === 'jsonb') return toJsonText(input, lookup)
    if (number !== undefined && takesNumbers(typeName)) return checkedNumber(typeName, number)
    return toColumnValue({ ...column, isArray: false }, toJson(input, lookup))
  } catch (error) {
    if (!(error instanceof ColumnValueError)) throw error
    throw new HasuraError({ code: 'parse-failed', message: error.message, path: place.path }, { cause: error })
  }
}

function lookUp(name: string, { variables, path }: Place): Input {
  const variable = variables.get(name)
  if (variable === undefined) throw validationFailed(`unbound variable "${name}"`, path)
  return variable.value
}
