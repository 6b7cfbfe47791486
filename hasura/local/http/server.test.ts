import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { buffer as readBuffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { createFakeEngine } from '../../../tests/support/fake-graphql-engine.ts'
import { createAuthenticator } from '../auth/authenticator.ts'
import { silentLog } from '../log.ts'
import type { Metadata } from '../metadata/types.ts'
import type { Session } from '../session.ts'
import { readSettings } from '../settings.ts'
import { createLiveQueries } from '../subscriptions/live-queries.ts'
import { createSubscriptionServer } from '../subscriptions/server.ts'
import { startHttpServer } from './server.ts'

const METADATA = { version: 3, sources: [], actions: [] } as unknown as Metadata
const ADMIN = { 'x-hasura-admin-secret': 'swordfish' }
const USER = { ...ADMIN, 'x-hasura-role': 'user', 'x-hasura-user-id': '42' }

const cleanUps: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp()
})

async function start(
  facts: {
    env?: Record<string, string>
    inconsistencies?: { name: string; reason: string }[]
    isDatabaseReachable?: boolean
  } = {},
) {
  const settings = readSettings({
    HASURA_GRAPHQL_ADMIN_SECRET: 'swordfish',
    HASURA_GRAPHQL_GRACEFUL_SHUTDOWN_TIMEOUT: '1',
    ...facts.env,
  })
  const authenticate = await createAuthenticator(settings)
  const engine = createFakeEngine()
  const liveQueries = createLiveQueries({ intervalMs: 5 })
  const subscriptions = createSubscriptionServer({
    authenticate,
    engine: () => engine,
    liveQueries,
    settings,
    log: silentLog,
  })
  const services = {
    authenticate,
    settings,
    log: silentLog,
    served: () => ({ metadata: METADATA, engine, inconsistencies: facts.inconsistencies ?? [] }),
    metadataApi: {
      run: (body: unknown, session: Session) => Promise.resolve({ answeredTo: session.role, body }),
    },
    isDatabaseReachable: async () => facts.isDatabaseReachable ?? true,
  }
  const server = await startHttpServer({ port: 0, services, subscriptions })
  cleanUps.push(
    () => server.close(),
    () => subscriptions.close(),
  )
  return `http://127.0.0.1:${server.port}`
}

async function post(url: string, facts: { path?: string; body: unknown; headers?: Record<string, string> }) {
  const response = await fetch(url + (facts.path ?? '/v1/graphql'), {
    method: 'POST',
    headers: { connection: 'close', ...facts.headers },
    body: typeof facts.body === 'string' ? facts.body : JSON.stringify(facts.body),
  })
  return { status: response.status, body: await response.json(), headers: response.headers }
}

const errors = (code: string, message: string, path = '$') => ({ errors: [{ message, extensions: { path, code } }] })

describe('POST /v1/graphql: refused, with status 200', () => {
  const parsing = 'parsing the GraphQL request failed'
  const overHttp = 'subscriptions are not supported over HTTP, use websockets instead'
  const persisted = { query: 'q', extensions: { persistedQuery: {} } }
  const cases: readonly [unknown, unknown][] = [
    ['{', errors('invalid-json', 'Error in $: Failed reading: not a valid json value')],
    [{}, errors('parse-failed', `${parsing}, key "query" not found`)],
    [{ query: 'q', variables: [] }, errors('parse-failed', `${parsing}, key "variables" must be an object`)],
    [persisted, errors('not-supported', 'Automatic Persisted Queries is not enabled')],
    [{ query: 'subscription' }, errors('unexpected-payload', overHttp)],
    [{ query: 'invalid' }, errors('validation-failed', 'not a valid graphql query', '$.query')],
    [{ query: 'crash' }, errors('unexpected', 'Internal Server Error')],
  ]
  test.each(cases)('%j', async (body, expected) => {
    const answer = await post(await start(), { body, headers: ADMIN })
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual(expected)
  })

  test('without the secret, or with a wrong one', async () => {
    const url = await start()
    const missing = errors('access-denied', '"x-hasura-admin-secret" required, but not found')
    expect(await post(url, { body: { query: 'q' } })).toMatchObject({ status: 200, body: missing })
    const wrong = await post(url, { body: { query: 'q' }, headers: { 'x-hasura-admin-secret': 'x' } })
    expect(wrong).toMatchObject({ status: 200, body: errors('access-denied', 'invalid "x-hasura-admin-secret"') })
  })

  test('wrong secret answers 401 when 401 errors are preserved', async () => {
    const url = await start({ env: { HASURA_GRAPHQL_PRESERVE_401_ERRORS: 'true' } })
    expect((await post(url, { body: { query: 'q' } })).status).toBe(401)
    expect((await post(url, { body: { query: 'invalid' }, headers: ADMIN })).status).toBe(200)
  })

  test.each([
    { who: 'admin', headers: ADMIN, env: {}, isShown: true },
    { who: 'user', headers: USER, env: {}, isShown: false },
    { who: 'user in dev mode', headers: USER, env: { HASURA_GRAPHQL_DEV_MODE: 'true' }, isShown: true },
    { who: 'admin when off', headers: ADMIN, env: { HASURA_GRAPHQL_ADMIN_INTERNAL_ERRORS: 'false' }, isShown: false },
  ])('details of a database error for $who', async ({ headers, env, isShown }) => {
    const { body } = await post(await start({ env }), { body: { query: 'failing' }, headers })
    const internal = isShown ? { internal: { statement: 'select 1/0' } } : {}
    expect(body.errors[0].extensions).toEqual({ path: '$', code: 'data-exception', ...internal })
  })

  test('body beyond the limit', async () => {
    const url = await start()
    const answer = await post(url, { body: 'x'.repeat(21 * 1024 * 1024), headers: ADMIN }).catch(() => ({
      status: 413,
    }))
    expect(answer.status).toBe(413)
  })
})

describe('POST /v1/graphql: answered', () => {
  test('with data, cookies of actions and the request id', async () => {
    const url = await start()
    const answer = await post(url, {
      body: { query: 'cookie' },
      headers: { ...USER, 'x-mine': 'm', 'x-request-id': 'r-1' },
    })
    expect(answer.body).toEqual({ data: { role: 'user', user: '42', header: 'm' } })
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect(answer.headers.get('x-request-id')).toBe('r-1')
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
  })

  test('as a batch, each on its own', async () => {
    const { body } = await post(await start(), {
      body: [{ query: 'q' }, { query: 'invalid' }, { query: 'q' }],
      headers: ADMIN,
    })
    expect(body).toEqual([
      { data: { role: 'admin' } },
      errors('validation-failed', 'not a valid graphql query', '$.query'),
      { data: { role: 'admin' } },
    ])
  })

  test('compressed when large and asked for', async () => {
    const url = await start()
    const headers = { ...USER, 'x-mine': 'm'.repeat(3000), 'accept-encoding': 'gzip' }
    const sending = request(`${url}/v1/graphql`, { method: 'POST', headers, agent: false }).end('{"query":"q"}')
    const [response] = (await once(sending, 'response')) as [IncomingMessage]
    expect(response.headers['content-encoding']).toBe('gzip')
    const raw = await readBuffer(response)
    expect(JSON.parse(gunzipSync(raw).toString()).data.user).toBe('42')
  })
})

describe('CORS', () => {
  const env = { HASURA_GRAPHQL_CORS_DOMAIN: 'https://app.example.com, https://*.example.org' }
  const allowed = async (url: string, origin: string) =>
    (await post(url, { body: { query: 'q' }, headers: { ...ADMIN, origin } })).headers.get(
      'access-control-allow-origin',
    )

  test('names only origins that are configured', async () => {
    const url = await start({ env })
    expect(await allowed(url, 'https://evil.com')).toBeNull()
    expect(await allowed(url, 'https://app.example.com.evil.com')).toBeNull()
    expect(await allowed(url, 'https://a.b.example.org')).toBeNull()
    expect(await allowed(url, 'https://example.org')).toBeNull()
    expect(await allowed(url, 'https://app.example.com')).toBe('https://app.example.com')
    expect(await allowed(url, 'https://a.example.org')).toBe('https://a.example.org')
  })

  test('answers a preflight', async () => {
    const headers = {
      origin: 'https://app.example.com',
      'access-control-request-headers': 'authorization,content-type',
      connection: 'close',
    }
    const response = await fetch(`${await start({ env })}/v1/graphql`, { method: 'OPTIONS', headers })
    expect(response.status).toBe(204)
    expect(response.headers.get('access-control-allow-headers')).toBe('authorization,content-type')
    expect(response.headers.get('access-control-allow-credentials')).toBe('true')
    expect(response.headers.get('access-control-max-age')).toBe('1728000')
  })

  test('holds for websockets too', async () => {
    const url = await start({ env })
    const statusFor = (origin: string) =>
      new Promise<number>((resolve) => {
        const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/graphql`, 'graphql-transport-ws', { origin })
        socket.on('error', () => {})
        socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0))
        socket.on('open', () => {
          socket.terminate()
          resolve(101)
        })
      })
    expect(await statusFor('https://evil.com')).toBe(400)
    expect(await statusFor('https://app.example.com')).toBe(101)
  })
})

describe('other endpoints', () => {
  const text = async (url: string, path: string) => {
    const response = await fetch(url + path, { headers: { connection: 'close' } })
    return `${response.status} ${await response.text()}`
  }

  test('unknown ones are a 404 in the shape of Hasura', async () => {
    const url = await start({ env: { HASURA_GRAPHQL_ENABLED_APIS: 'graphql' } })
    const notFound = '404 {"error":"resource does not exist","path":"$","code":"not-found"}'
    expect(await text(url, '/nowhere')).toBe(notFound)
    expect(await text(url, '/v1/graphql')).toBe(notFound)
    expect((await post(url, { path: '/v1/metadata', body: {}, headers: ADMIN })).status).toBe(404)
  })

  test('version', async () => {
    expect(await text(await start(), '/v1/version')).toBe('200 {"server_type":"ce","version":"v2.50.10"}')
  })

  test('health', async () => {
    expect(await text(await start(), '/healthz?strict=true')).toBe('200 OK')
    const inconsistent = await start({ inconsistencies: [{ name: 'table x', reason: 'gone' }] })
    expect(await text(inconsistent, '/healthz')).toBe('200 WARN: inconsistent objects in schema')
    expect(await text(inconsistent, '/healthz?strict=true')).toBe('500 ERROR: inconsistent objects in schema')
    expect(await text(await start({ isDatabaseReachable: false }), '/healthz')).toBe('500 ERROR')
  })
})

describe('POST /v1/metadata', () => {
  const ask = async (url: string, body: unknown, headers: Record<string, string> = ADMIN) => {
    const answer = await post(url, { path: '/v1/metadata', body, headers })
    return { status: answer.status, body: answer.body }
  }

  test.each(['/v1/metadata', '/v1/query', '/v2/query'])('%s hands on the command and who sent it', async (path) => {
    const url = await start()
    const answer = await post(url, { path, body: { type: 'export_metadata' }, headers: ADMIN })
    expect(answer).toMatchObject({ status: 200, body: { answeredTo: 'admin', body: { type: 'export_metadata' } } })
  })

  test('refuses who is nobody, with a real status', async () => {
    const url = await start()
    expect(await ask(url, { type: 'export_metadata', args: {} }, {})).toEqual({
      status: 401,
      body: { error: '"x-hasura-admin-secret" required, but not found', path: '$', code: 'access-denied' },
    })
  })
})
