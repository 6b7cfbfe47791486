import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  buildClientSchema,
  buildSchema,
  type GraphQLSchema,
  getIntrospectionQuery,
  type IntrospectionQuery,
  lexicographicSortSchema,
  printSchema,
} from 'graphql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type EngineUnderTest, openEngineUnderTest } from '../support/engine-under-test.ts'

const TRACKED = join(import.meta.dirname, '../../hasura/schema.graphql')

let engine: EngineUnderTest
beforeAll(async () => {
  engine = await openEngineUnderTest()
})
afterAll(() => engine.close())

test('hasura/schema.graphql is what role user is served, whichever engine serves it', async () => {
  const response = await fetch(`${engine.url}/v1/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-hasura-admin-secret': engine.adminSecret,
      'x-hasura-role': 'user',
    },
    body: JSON.stringify({ query: getIntrospectionQuery() }),
  })
  const { data } = (await response.json()) as { data: IntrospectionQuery }
  expect(shapeOf(buildClientSchema(data))).toEqual(shapeOf(buildSchema(readFileSync(TRACKED, 'utf8'))))
})

/** Names and types in order of name, without descriptions: their wording is no promise. */
function shapeOf(schema: GraphQLSchema): string[] {
  const printed = printSchema(lexicographicSortSchema(schema)).replaceAll(/^\s*""".*?"""\n/gms, '')
  return printed.split('\n').filter((line) => line.trim() !== '')
}
