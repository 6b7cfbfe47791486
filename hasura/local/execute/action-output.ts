import {
  type GraphQLObjectType,
  type GraphQLOutputType,
  isListType,
  isNonNullType,
  isObjectType,
  isSpecifiedScalarType,
} from 'graphql'
import { HasuraError } from '../errors.ts'
import { isLongNumber } from '../lossless-json.ts'
import { isTypename, type SelectedField } from '../request/selection.ts'
import { type Meaning, meaningOf } from '../schema/meaning.ts'

/** A joined table's part of the answer, read from Postgres when the rest is known. */
export interface Hole {
  readonly field: SelectedField
  readonly meaning: Extract<Meaning, { kind: 'outputRelated' }>
  /** The handler's object that the join starts from. */
  readonly object: Readonly<Record<string, unknown>>
  text: string
}

export type Piece = string | Hole

const WHAT = 'for the action webhook response'

/** Judges a handler's JSON against the output type and keeps what was selected. Throws HasuraError. */
export function shapeOutput(field: SelectedField, json: unknown): Piece[] {
  checkOutput(field.definition.type, json)
  return valuePieces(field, json)
}

function checkOutput(type: GraphQLOutputType, json: unknown): void {
  const nullable = isNonNullType(type) ? type.ofType : type
  if (json === null || json === undefined) {
    if (isNonNullType(type)) throw unexpected(`got null ${WHAT}`)
    return
  }
  if (isListType(nullable)) {
    if (!Array.isArray(json)) throw unexpected(`expecting array ${WHAT}`)
    for (const item of json) checkOutput(nullable.ofType, item)
    return
  }
  if (isObjectType(nullable)) return checkObject(nullable, json)
  if (typeof json === 'object' && !isLongNumber(json) && isSpecifiedScalarType(nullable)) {
    throw unexpected(`got ${Array.isArray(json) ? 'array' : 'object'} ${WHAT}, expecting ${nullable.name}`)
  }
}

function checkObject(type: GraphQLObjectType, json: unknown): void {
  if (Array.isArray(json)) throw unexpected(`got array ${WHAT}, expecting ${type.name}`)
  if (!isObject(json))
    throw unexpected(`got scalar ${typeof json === 'boolean' ? 'Boolean' : 'String'} ${WHAT}, expecting ${type.name}`)
  for (const field of Object.values(type.getFields())) {
    if (meaningOf(field)?.kind !== 'output' || !isNonNullType(field.type)) continue
    if (!Object.hasOwn(json, field.name))
      throw unexpected(`field "${field.name}" expected in webhook response, but not found`)
    if (json[field.name] === null) throw unexpected(`expecting not null value for field "${field.name}"`)
  }
}

function valuePieces(field: SelectedField, json: unknown): Piece[] {
  if (json === null || json === undefined) return ['null']
  if (field.selections.length === 0) return [JSON.stringify(json)]
  if (Array.isArray(json))
    return wrap(
      '[',
      json.map((item) => valuePieces(field, item)),
      ']',
    )
  return isObject(json) ? objectPieces(field.selections, json) : ['null']
}

function objectPieces(selections: readonly SelectedField[], object: Readonly<Record<string, unknown>>): Piece[] {
  const members = selections.map((selected): Piece[] => [
    `${JSON.stringify(selected.responseKey)}:`,
    ...memberPieces(selected, object),
  ])
  return wrap('{', members, '}')
}

function memberPieces(selected: SelectedField, object: Readonly<Record<string, unknown>>): Piece[] {
  if (isTypename(selected)) return [JSON.stringify(selected.parent.name)]
  const meaning = meaningOf(selected.definition)
  if (meaning?.kind === 'outputRelated') return [{ field: selected, meaning, object, text: 'null' }]
  // Hasura looks up a nested object by its alias and so loses it; a scalar by its name.
  const key = selected.selections.length > 0 ? selected.responseKey : selected.name
  return valuePieces(selected, object[key])
}

function wrap(open: string, members: readonly Piece[][], close: string): Piece[] {
  return [open, ...members.flatMap((member, index) => (index === 0 ? member : [',', ...member])), close]
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isLongNumber(value)
}

function unexpected(message: string): HasuraError {
  return new HasuraError({ code: 'unexpected', message })
}
