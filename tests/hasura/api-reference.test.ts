import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildSchema } from 'graphql'
import { createClient } from 'graphql-ws'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { readExamples } from '../../codegen/describe-graphql.ts'
import { exampleOf, tablesOf } from '../../codegen/table-example.ts'
import { askOverHttp } from '../permissions/over-graphql.ts'
import { A, plantBoth, removeBoth } from '../permissions/planted-people.ts'
import { type EngineUnderTest, openEngineUnderTest } from '../support/engine-under-test.ts'

const schema = buildSchema(readFileSync(join(import.meta.dirname, '../../hasura/schema.graphql'), 'utf8'))
const tables = tablesOf(schema).map(({ name }) => name)

let engine: EngineUnderTest
beforeAll(async () => {
  engine = await openEngineUnderTest()
  await removeBoth(engine.admin)
  await plantBoth(engine.admin)
})
afterAll(async () => {
  await removeBoth(engine.admin)
  await engine.close()
})

/** Asks as role user, with values for the key that the first row has. */
async function ask(query: string, variables: Record<string, unknown>) {
  const response = await fetch(`${engine.url}/v1/graphql`, {
    method: 'POST',
    headers: headers(),
    body: JSON.stringify({ query, variables }),
  })
  return (await response.json()) as { data?: Record<string, unknown>; errors?: unknown }
}

const headers = () => ({
  'content-type': 'application/json',
  'x-hasura-admin-secret': engine.adminSecret,
  'x-hasura-role': 'user',
  'x-hasura-user-id': A,
})

async function keyOf(table: string, query: string): Promise<Record<string, unknown>> {
  const names = [...(/^query \w+\((.*?)\)/.exec(query)?.[1]?.matchAll(/\$(\w+):/g) ?? [])].map(([, name]) => name)
  if (names.length === 0) return {}
  const world = askOverHttp(engine.url, engine.adminSecret)
  const { data } = await world({ role: 'user', userId: A }, `{ ${table}(limit: 1) { ${names.join(' ')} } }`)
  return (data as Record<string, Record<string, unknown>[]>)[table]?.[0] ?? {}
}

/** The first answer of a subscription. */
async function first(query: string, variables: Record<string, unknown>): Promise<unknown> {
  const client = createClient({
    url: `${engine.url.replace('http', 'ws')}/v1/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { headers: headers() },
  })
  const answer = await new Promise<unknown>((resolve, reject) => {
    client.subscribe({ query, variables }, { next: resolve, error: reject, complete: () => {} })
  })
  await client.dispose()
  return answer
}

describe('the examples of docs/api/graphql.md', () => {
  test.for(tables)('of %s answer with rows', async (table) => {
    const { query } = exampleOf(schema, { name: table })
    const answer = await ask(query, await keyOf(table, query))
    expect(answer.errors).toBeUndefined()
    expect(answer.data?.[table]).not.toEqual([])
    expect(Object.values(answer.data ?? {})).not.toContain(null)
  })

  const streams = tables.filter((table) => exampleOf(schema, { name: table }).stream !== undefined)
  test.for(streams)('follow %s', async (table) => {
    const { stream = '' } = exampleOf(schema, { name: table })
    const answer = (await first(stream, { since: '2000-01-01T00:00:00Z' })) as { data?: Record<string, unknown[]> }
    expect(answer.data?.[`${table}_stream`]).not.toEqual([])
  })

  test.for(['daily_summaries', 'connections', 'sync_runs'])('of %s are live as subscriptions too', async (table) => {
    const answer = await first(`subscription { ${table}(limit: 3) { user_id } }`, {})
    expect(answer).toMatchObject({ data: { [table]: expect.arrayContaining([{ user_id: A }]) } })
  })

  test('hold every table and everything that can be done', () => {
    const roots = Object.keys(schema.getQueryType()?.getFields() ?? {})
    const shown = tables.map((name) => exampleOf(schema, { name }).query).join('\n')
    expect(roots.filter((root) => !new RegExp(`\\b${root}\\b`).test(shown))).toEqual([])
    const examples = new Set(readExamples().map(({ field }) => field))
    const mutations = Object.keys(schema.getMutationType()?.getFields() ?? {})
    expect(mutations.filter((mutation) => !examples.has(mutation))).toEqual([])
    expect([...examples].filter((field) => !mutations.includes(field))).toEqual([])
  })
})
