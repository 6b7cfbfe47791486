import { Kind, type ValueNode } from 'graphql'
import { type Input, numberText } from './input.ts'

/** What a variable inside a literal stands for. */
type Lookup = (name: string) => Input

/** The input as a plain JSON value. */
export function toJson(input: Input, lookup: Lookup): unknown {
  if (input.origin === 'json') return input.value
  const { node } = input
  switch (node.kind) {
    case Kind.VARIABLE:
      return toJson(lookup(node.name.value), lookup)
    case Kind.LIST:
      return node.values.map((item) => toJson(literal(item), lookup))
    case Kind.OBJECT:
      return Object.fromEntries(node.fields.map(({ name, value }) => [name.value, toJson(literal(value), lookup)]))
    case Kind.INT:
    case Kind.FLOAT:
      return Number(node.value)
    case Kind.NULL:
      return null
    case Kind.BOOLEAN:
    case Kind.STRING:
    case Kind.ENUM:
      return node.value
  }
}

/** The input as JSON text; numbers of the query text keep every digit. */
export function toJsonText(input: Input, lookup: Lookup): string {
  if (input.origin === 'json') return JSON.stringify(input.value)
  const { node } = input
  if (node.kind === Kind.VARIABLE) return toJsonText(lookup(node.name.value), lookup)
  if (node.kind === Kind.LIST) return `[${node.values.map((item) => toJsonText(literal(item), lookup)).join(',')}]`
  if (node.kind === Kind.OBJECT) {
    const members = node.fields.map(
      ({ name, value }) => `${JSON.stringify(name.value)}:${toJsonText(literal(value), lookup)}`,
    )
    return `{${members.join(',')}}`
  }
  return numberText(input) ?? JSON.stringify(toJson(input, lookup))
}

function literal(node: ValueNode): Input {
  return { origin: 'literal', node }
}
