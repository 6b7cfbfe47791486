import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
} from 'graphql'
import { A, B, CANARY_NUMBER, CANARY_TEXT } from './planted-people.ts'

export type Random = () => number

/** Mulberry32: small, seeded, the same on every machine. */
export function seeded(seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const pick = <Item>(random: Random, items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!
const chance = (random: Random, share: number) => random() < share

export interface Choice {
  /** Root fields never asked for: actions, whose work is done elsewhere. */
  readonly avoid: readonly string[]
  /** Only root fields of this table; absent: all there are. */
  readonly about?: string | undefined
}

/** Any operation that the schema of the role allows, mostly about other people's rows. Every list is in a total order. */
export function randomOperation(schema: GraphQLSchema, random: Random, { avoid, about }: Choice): string {
  const kind = pick(random, ['query', 'query', 'query', 'subscription', 'mutation'] as const)
  const root = {
    query: schema.getQueryType(),
    subscription: schema.getSubscriptionType(),
    mutation: schema.getMutationType(),
  }[kind]
  const isAsked = (name: string) => about === undefined || name === about || name.startsWith(`${about}_`)
  const all = Object.values(root?.getFields() ?? {}).filter(({ name }) => !avoid.includes(name))
  const asked = all.filter(({ name }) => isAsked(name))
  const fields = asked.length === 0 ? all : asked
  const count = kind === 'query' ? 1 + Math.floor(random() * 2) : 1
  const chosen = Array.from({ length: count }, (_, index) => `f${index}: ${fieldText(pick(random, fields), random, 0)}`)
  if (!chance(random, 0.2) || kind !== 'query') return `${kind} { ${chosen.join(' ')} }`
  return `query { ...everything } fragment everything on ${root?.name} { ${chosen.join(' ')} }`
}

type OutputField = GraphQLField<unknown, unknown>

function fieldText(field: OutputField, random: Random, depth: number): string {
  const type = getNamedType(field.type)
  const given = field.args.flatMap((argument) => argumentText(argument, field, random))
  const argumentsText = given.length === 0 ? '' : `(${given.join(', ')})`
  return `${field.name}${argumentsText}${isObjectType(type) ? ` { ${selectionText(type, random, depth)} }` : ''}`
}

function selectionText(type: GraphQLObjectType, random: Random, depth: number): string {
  const fields = Object.values(type.getFields())
  const scalars = fields.filter(
    (field) => !isObjectType(getNamedType(field.type)) && field.args.every((argument) => argument.name !== 'path'),
  )
  const objects = fields.filter((field) => isObjectType(getNamedType(field.type)))
  const deeper = depth < 3 ? objects.filter(() => chance(random, scalars.length === 0 ? 0.8 : 0.3)) : []
  const flat = scalars.filter(() => chance(random, 0.5))
  const chosen = [...flat, ...deeper].map((field) => fieldText(field, random, depth + 1))
  return ['__typename', ...chosen].join(' ')
}

function argumentText(argument: GraphQLArgument, field: OutputField, random: Random): string[] {
  const { name, type } = argument
  // Which of equal rows come first is nobody's promise, so every list is ordered by all its columns.
  if (name === 'order_by') return [`order_by: ${totalOrder(type, random)}`]
  if (name === 'distinct_on' || name === 'path') return []
  if (!isRequiredArgument(argument) && !chance(random, 0.6)) return []
  if (name === 'limit' || name === 'offset') return [`${name}: ${Math.floor(random() * 4)}`]
  if (name === 'batch_size') return [`batch_size: ${field.name.length}`]
  return [`${name}: ${inputText(type, random, 0)}`]
}

function totalOrder(type: GraphQLInputType, random: Random): string {
  const input = getNamedType(type)
  if (!isInputObjectType(input)) return '[]'
  const columns = Object.values(input.getFields()).filter((field) => isEnumType(getNamedType(field.type)))
  const direction = pick(random, ['asc', 'desc_nulls_last'])
  const relations = Object.values(input.getFields()).filter((field) => !columns.includes(field) && chance(random, 0.2))
  const first = relations.map((field) => `{${field.name}: ${inputText(field.type, random, 1)}}`)
  return `[${[...first, ...columns.map(({ name }) => `{${name}: ${direction}}`)].join(', ')}]`
}

function inputText(type: GraphQLInputType, random: Random, depth: number): string {
  if (isNonNullType(type)) return inputText(type.ofType, random, depth)
  if (isListType(type)) {
    return `[${Array.from({ length: 1 + Math.floor(random() * 2) }, () => inputText(type.ofType, random, depth + 1)).join(', ')}]`
  }
  if (isEnumType(type)) return pick(random, type.getValues()).name
  if (!isInputObjectType(type)) return scalarText(type.name, random)
  const fields: GraphQLInputField[] = Object.values(type.getFields())
  const optional = fields.filter(
    (field) => !isRequiredInputField(field) && (depth < 3 || !isInputObjectType(getNamedType(field.type))),
  )
  const some = optional.length === 0 ? [] : [pick(random, optional), pick(random, optional)]
  const chosen = [...new Set([...fields.filter(isRequiredInputField), ...some])]
  return `{${chosen.map((field) => `${field.name}: ${memberText(field, random, depth + 1)}`).join(', ')}}`
}

/** What A writes is A's own: a canary that A planted would prove nothing. */
function memberText(field: GraphQLInputField, random: Random, depth: number): string {
  const text = inputText(field.type, random, depth)
  return field.name === '_set' ? text.replaceAll(CANARY_TEXT, 'of-a') : text
}

const B_ID = 'bbbbbbbb-0000-4000-8000-00000000000'

function scalarText(name: string, random: Random): string {
  switch (name) {
    case 'uuid':
      return JSON.stringify(pick(random, [A, B, `${B_ID}1`, `${B_ID}3`, 'aaaaaaaa-0000-4000-8000-000000000003']))
    case 'String':
      return JSON.stringify(pick(random, [CANARY_TEXT, 'of-a', 'strava', '%', 'run', '']))
    case 'Boolean':
      return pick(random, ['true', 'false'])
    case 'date':
      return JSON.stringify(pick(random, ['2026-03-01', '2026-03-04', '2026-03-06']))
    case 'timestamptz':
      return JSON.stringify(pick(random, ['2026-03-01T06:00:00Z', '2020-01-01T00:00:00Z']))
    case 'jsonb':
      return pick(random, [`{${CANARY_TEXT.replaceAll('-', '_')}: 1}`, '[]', `"${CANARY_TEXT}"`])
    default:
      return String(pick(random, [0, 1, 11, 14, CANARY_NUMBER, CANARY_NUMBER + 3]))
  }
}
