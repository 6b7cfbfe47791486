import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DocumentNode, parse as parseGraphql, type TypeNode } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { createEngineContext, type GraphqlEngine } from '../../hasura/local/execute/prepare.ts'
import { createClone, type TestDatabase } from '../support/database.ts'
import { A } from './planted-people.ts'
import { readMatrix } from './promises.ts'
import { productMetadata } from './two-worlds.ts'

interface Collection {
  readonly name: string
  readonly definition: { readonly queries: readonly { readonly name: string; readonly query: string }[] }
}

const FILE = join(import.meta.dirname, '../../hasura/metadata/query_collections.yaml')
const collections = parse(readFileSync(FILE, 'utf8')) as readonly Collection[]
const operations = collections.find(({ name }) => name === 'operators')?.definition.queries ?? []
const ROLES = ['operator', 'auditor'] as const
// Reference data, which an operator's console shows by name already.
const REFERENCE = /^(platforms|.*_statuses|.*_kinds|.*_strategies|.*_categories|sports|default_source_priorities)$/

let database: TestDatabase
let engine: GraphqlEngine
beforeAll(async () => {
  database = await createClone()
  const callAction = () => Promise.reject(new Error('no action was expected'))
  engine = await createEngineContext({ metadata: await productMetadata(), pool: database.hasura, callAction })
})
afterAll(() => database.drop())

/** Whether the role's schema takes the operation, with a value for every variable that needs one. */
function accepts(role: string, query: string): boolean {
  const variables = { 'x-hasura-role': role, 'x-hasura-user-id': A }
  try {
    engine.prepare({ query, variables: valuesFor(parseGraphql(query)) }, { role, variables, backendOnly: false })
    return true
  } catch {
    return false
  }
}

function valuesFor({ definitions }: DocumentNode): Record<string, unknown> {
  const [operation] = definitions
  if (operation?.kind !== 'OperationDefinition') return {}
  const needed = (operation.variableDefinitions ?? []).filter(({ type }) => type.kind === 'NonNullType')
  return Object.fromEntries(needed.map(({ variable, type }) => [variable.name.value, valueOf(type)]))
}

function valueOf(type: TypeNode): unknown {
  if (type.kind === 'NonNullType') return valueOf(type.type)
  if (type.kind === 'ListType') return [valueOf(type.type)]
  return { uuid: A, Int: 1 }[type.name.value] ?? 'text'
}

describe('the operations that operators and auditors may send in production', () => {
  test.for(operations.map(({ name, query }) => [name, query] as const))(
    '%s is one that a role of theirs may do',
    ([, query]) => {
      expect(ROLES.filter((role) => accepts(role, query))).not.toEqual([])
    },
  )

  test('hold every action that is theirs', () => {
    const theirs = Object.entries(readMatrix().actions).filter(([, roles]) =>
      ROLES.some((role) => roles.includes(role)),
    )
    const missing = theirs.filter(([action]) => !operations.some(({ query }) => query.includes(`${action}(`)))
    expect(missing.map(([action]) => action)).toEqual([])
  })

  test('read every table that is theirs', () => {
    const { tables } = readMatrix()
    const theirs = tables.filter(
      ({ as, may, table }) => ROLES.some((role) => role === as) && may === 'select' && !REFERENCE.test(table),
    )
    const unread = theirs.filter(
      ({ table }) => !operations.some(({ query }) => new RegExp(`\\b${table}\\b`).test(query)),
    )
    expect([...new Set(unread.map(({ table }) => table))]).toEqual([])
  })
})
