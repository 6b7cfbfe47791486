import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect } from 'vitest'
import type { RunningEngine } from '../../hasura/local/engine.ts'
import { test as base } from '../support/engine-scene.ts'
import { startEmptyEngine } from './empty-engine.ts'

const USER = { 'x-hasura-admin-secret': 'admin-secret', 'x-hasura-role': 'user', 'x-hasura-user-id': '42' }
const SECRETS = /admin-secret|swordfish|postgres:|tributary_|SELECT|select |at .*\.ts|stack/

const test = base.extend<{ engine: RunningEngine }>({
  engine: async ({ scene }, use) => {
    const engine = await scene.start()
    await use(engine)
    // Whatever came before, the next person is served.
    expect(await ask(engine, { query: '{ article { id } }' })).toBe('{"data":{"article":[]}}')
  },
})

async function ask(engine: RunningEngine, body: unknown): Promise<string> {
  const response = await fetch(`${engine.url}/v1/graphql`, {
    method: 'POST',
    headers: USER,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  expect(response.status).toBe(200)
  return response.text()
}

/** What a socket answers to these bytes, until it is closed. */
async function send(engine: RunningEngine, bytes: string, isEnded = true): Promise<string> {
  const socket = connect(engine.port, '127.0.0.1')
  if (isEnded) socket.end(bytes)
  else socket.write(bytes)
  return text(socket)
}

function errorOf(answer: string): { message: string; extensions: { path: string; code: string } } {
  const { errors, ...rest } = JSON.parse(answer) as { errors: ReturnType<typeof errorOf>[] }
  expect(rest).toEqual({})
  expect(errors).toHaveLength(1)
  const [error] = errors
  expect(Object.keys(error!)).toEqual(['message', 'extensions'])
  expect(Object.keys(error!.extensions)).toEqual(['path', 'code'])
  expect(answer).not.toMatch(SECRETS)
  return error!
}

const times = (count: number, item: (index: number) => string) => Array.from({ length: count }, (_, i) => item(i))

describe('one error in the shape of Hasura, and the engine goes on, after', () => {
  test.for([
    ['no GraphQL', { query: '{ article { id }' }, 'validation-failed', 'not a valid graphql query'],
    ['a control character', { query: '{ article \u0000 { id } }' }, 'validation-failed', 'not a valid graphql query'],
    ['a body that is no JSON', '{"query":', 'invalid-json', 'Error in $: Failed reading: not a valid json value'],
    [
      'variables that are a list',
      { query: '{ article { id } }', variables: [1] },
      'parse-failed',
      'parsing the GraphQL request failed, key "variables" must be an object',
    ],
    [
      'a variable that nobody asked for',
      { query: '{ article { id } }', variables: { x: 1 } },
      'validation-failed',
      'unexpected variables in variableValues: x',
    ],
    [
      'a variable of the wrong kind',
      { query: 'query ($t: String) { article(where: {title: {_eq: $t}}) { id } }', variables: { t: { a: 1 } } },
      'parse-failed',
      'parsing Text failed, expected String, but encountered Object',
    ],
    [
      'a field of every JavaScript object',
      { query: '{ article { constructor } }' },
      'validation-failed',
      "field 'constructor' not found in type: 'article'",
    ],
    [
      'an argument of every JavaScript object',
      { query: '{ article(toString: 1) { id } }' },
      'validation-failed',
      "'article' has no argument named 'toString'",
    ],
    [
      'a character that Postgres has not',
      { query: '{ article(where: {title: {_eq: "\\u0000"}}) { id } }' },
      'data-exception',
      'invalid byte sequence for encoding "UTF8": 0x00',
    ],
    [
      'conditions too deep to parse',
      { query: `{ article(where: ${'{_not: '.repeat(30_000)}{}${'}'.repeat(30_000)}) { id } }` },
      'validation-failed',
      'not a valid graphql query',
    ],
    [
      'more words than a query has',
      { query: `{ article { ${'id '.repeat(60_000)} } }` },
      'validation-failed',
      'not a valid graphql query',
    ],
  ] as const)('%s', async ([_what, body, code, message], { engine }) => {
    expect(errorOf(await ask(engine, body))).toMatchObject({ message, extensions: { code } })
  })

  test('a query so wide that Postgres gives up', async ({ engine }) => {
    const query = `{ ${times(5_000, (i) => `a${i}: article { id }`).join(' ')} }`
    expect(errorOf(await ask(engine, { query }))).toMatchObject({ message: 'database query error' })
  })

  test('a database that is gone', async ({ scene, engine }) => {
    const { admin, name } = scene.db
    await admin.query(`revoke connect on database ${name} from tributary_hasura, public`)
    await admin.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'tributary_hasura'" +
        ' and datname = current_database()',
    )
    const mutation = 'mutation { insert_article_one(object: {id: 1, title: "x"}) { id } }'
    for (const query of ['{ article { id } }', mutation])
      expect(errorOf(await ask(engine, { query })).extensions).toMatchObject({ path: '$' })
    await admin.query(`grant connect on database ${name} to tributary_hasura`)
    await expect.poll(() => ask(engine, { query: '{ article { id } }' })).toBe('{"data":{"article":[]}}')
  })
})

// Postgres took ten seconds for 500 levels, and had no memory to read a thousand.
test('relationships a thousand deep are refused before anybody plans them', async () => {
  const { command, ask: askPeople } = await startEmptyEngine(
    'create table person (id integer primary key, boss_id integer references person); insert into person values (1, 1)',
  )
  const table = 'person'
  await command('track_table', { table })
  for (const [kind, name, key] of [
    ['object', 'boss', 'boss_id'],
    ['array', 'staff', { table, column: 'boss_id' }],
  ] as const)
    await command(`create_${kind}_relationship`, { table, name, using: { foreign_key_constraint_on: key } })
  const nest = (depth: number, name: string, inner: string) =>
    `${`${name} { `.repeat(depth)}${inner}${' }'.repeat(depth)}`
  const within = (depth: number, opening: string, closing = '}') =>
    `{ person(where: ${opening.repeat(depth)}{}${closing.repeat(depth)}) { id } }`
  const counting = '{staff_aggregate: {count: {predicate: {_gt: 0}, filter: '
  const fragments = times(1_000, (i) => `fragment f${i} on person { boss { ...f${i + 1} } }`).join(' ')
  const refused = (what: string) => ({
    errors: [
      {
        message: `${what} is nested too deep, more than 100 levels`,
        extensions: { path: '$', code: 'validation-failed' },
      },
    ],
  })
  const startedAt = performance.now()
  for (const name of ['boss', 'staff'])
    expect(await askPeople(`{ person { ${nest(1_000, name, 'id')} } }`)).toEqual(refused('the query'))
  expect(await askPeople(`{ person { ...f0 } } ${fragments} fragment f1000 on person { id }`)).toEqual(
    refused('the query'),
  )
  for (const name of ['boss', 'staff'])
    expect(await askPeople(within(1_000, `{${name}: `))).toEqual(refused('the condition'))
  expect(await askPeople(within(200, counting, '}}}'))).toEqual(refused('the condition'))
  expect(performance.now() - startedAt).toBeLessThan(3_000)
  expect(await askPeople(within(99, '{boss: '))).toEqual({ data: { person: [{ id: 1 }] } })
})

describe('an answer all the same for', () => {
  test('conditions of a depth that nobody writes', async ({ engine }) => {
    const query = `{ article(where: ${'{_not: '.repeat(400)}{id: {_eq: 1}}${'}'.repeat(400)}) { id } }`
    expect(await ask(engine, { query })).toBe('{"data":{"article":[]}}')
  })

  // Comparing each with every one before it took ten seconds, during which nobody else was served.
  test('one field twenty thousand times', async ({ engine }) => {
    const startedAt = performance.now()
    expect(await ask(engine, { query: `{ article { ${'id '.repeat(20_000)} } }` })).toBe('{"data":{"article":[]}}')
    expect(performance.now() - startedAt).toBeLessThan(3_000)
  })

  test('fragments that would be four million fields if they were written out', async ({ engine }) => {
    const doubled = times(22, (i) => `fragment f${i} on query_root { ...f${i + 1} ...f${i + 1} }`).join(' ')
    const query = `{ ...f0 } ${doubled} fragment f22 on query_root { article { id } }`
    expect(await ask(engine, { query })).toBe('{"data":{"article":[]}}')
  })

  test('a list of a hundred thousand', async ({ engine }) => {
    const query = 'query ($ids: [Int!]) { article(where: {id: {_in: $ids}}) { id } }'
    expect(await ask(engine, { query, variables: { ids: times(100_000, String).map(Number) } })).toBe(
      '{"data":{"article":[]}}',
    )
  })
})

describe('HTTP that nobody should send', () => {
  test.for(['//', 'http://[', '/%ff', '/v1/graphql/../x'])('GET %s is unknown', async (target, { engine }) => {
    const answer = await send(engine, `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 404 /)
    expect(answer).toContain('{"error":"resource does not exist","path":"$","code":"not-found"}')
  })

  test('a websocket at no address is refused', async ({ engine }) => {
    const upgrade =
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n'
    const answer = await send(engine, `GET // HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 404 /)
  })

  test('a body that ends before it is whole is nobody’s request', async ({ engine }) => {
    const head = 'POST /v1/graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n'
    expect(await send(engine, `${head}{"query"`)).not.toContain('"data"')
  })

  test('a body without end is refused before it is read', async ({ engine }) => {
    const head = 'POST /v1/graphql HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 99999999999\r\n\r\n'
    const answer = await send(engine, head + 'x'.repeat(21 * 1024 * 1024), false)
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
    expect(answer).toContain('{"error":"request body too large","path":"$","code":"bad-request"}')
  })
})
