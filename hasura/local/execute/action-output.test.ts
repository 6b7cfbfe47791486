import { buildSchema, parse } from 'graphql'
import { describe, expect, test } from 'vitest'
import { pickOperation } from '../request/document.ts'
import { select } from '../request/selection.ts'
import { shapeOutput } from './action-output.ts'

const schema = buildSchema(`
  scalar Anything
  type Address { city: String }
  type Person { id: Int! name: String address: Address }
  type Query { person: Person  always: Person!  people: [Person!]!  text: String  anything: Anything }
`)
const query = schema.getQueryType()!
for (const type of ['Person', 'Address']) {
  const object = schema.getType(type)
  if (object !== undefined && 'getFields' in object) {
    for (const field of Object.values(object.getFields()))
      field.extensions = { meaning: { kind: 'output', name: field.name } }
  }
}

function shape(text: string, json: unknown): string {
  const { definition, fragments } = pickOperation(parse(text), { query: text })
  const scope = { fragments, variables: new Map(), queryRoot: query }
  const [field] = select([definition.selectionSet], { type: query, path: '$' }, scope)
  const pieces = shapeOutput(field!, json)
  return pieces.map((piece) => (typeof piece === 'string' ? piece : piece.text)).join('')
}

describe('the answer of an action', () => {
  test.each([
    ['{ always { id } }', null, 'got null for the action webhook response'],
    ['{ people { id } }', { id: 1 }, 'expecting array for the action webhook response'],
    ['{ people { id } }', [null], 'got null for the action webhook response'],
    ['{ person { id } }', [], 'got array for the action webhook response, expecting Person'],
    ['{ person { id } }', 'a', 'got scalar String for the action webhook response, expecting Person'],
    ['{ text }', {}, 'got object for the action webhook response, expecting String'],
    ['{ person { name } }', { name: 'a' }, 'field "id" expected in webhook response, but not found'],
    ['{ person { name } }', { id: null }, 'expecting not null value for field "id"'],
  ])('is refused: %s with %j', (text, json, message) => {
    expect(() => shape(text, json)).toThrow(message)
  })

  test.each([
    ['{ person { id } }', null, 'null'],
    ['{ person { name number: id } }', { id: 1, unknown: 2 }, '{"name":null,"number":1}'],
    ['{ people { id __typename } }', [{ id: 1 }], '[{"id":1,"__typename":"Person"}]'],
    ['{ anything }', { any: [1] }, '{"any":[1]}'],
    ['{ person { address { city } } }', { id: 1, address: { city: 'Bern', zip: 3000 } }, '{"address":{"city":"Bern"}}'],
    // As in Hasura: a nested object is looked up by its alias.
    ['{ person { home: address { city } } }', { id: 1, address: { city: 'Bern' } }, '{"home":null}'],
  ])('keeps what was selected: %s', (text, json, expected) => {
    expect(shape(text, json)).toBe(expected)
  })
})
