import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import { afterEach, describe, expect, test } from 'vitest'
import { HasuraError } from '../errors.ts'
import type { Action } from '../metadata/types.ts'
import type { Propagator } from '../trace.ts'
import { createActionCaller, partitionActions } from './call-action.ts'

const SESSION = { role: 'user', variables: { 'x-hasura-role': 'user', 'x-hasura-user-id': '42' }, backendOnly: false }

const servers: Server[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
})

interface Reply {
  readonly status?: number
  readonly body?: string
  readonly headers?: Record<string, string | string[]>
  readonly delayMs?: number
}

/** A handler that answers every request so, and remembers what it was asked. */
async function startHandler(reply: Reply) {
  const asked: { url: string | undefined; headers: IncomingHttpHeaders; body: unknown }[] = []
  const server = createServer((request, response) => {
    void readText(request).then((body) => {
      asked.push({ url: request.url, headers: request.headers, body: JSON.parse(body) })
      const answer = () =>
        response.writeHead(reply.status ?? 200, { connection: 'close', ...reply.headers }).end(reply.body)
      setTimeout(answer, reply.delayMs ?? 0)
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, resolve))
  return { url: `http://localhost:${(server.address() as AddressInfo).port}`, asked }
}

function actionWith(definition: Partial<Action['definition']>): Action {
  const required = {
    type: 'mutation',
    handler: '{{BASE_URL}}/actions/register',
    arguments: [],
    output_type: 'Out',
  } as const
  return { name: 'register', definition: { ...required, ...definition } }
}

async function call(
  url: string,
  facts: {
    action?: Action
    requestHeaders?: Record<string, string>
    configuredHeaderPrecedence?: boolean
    propagators?: readonly Propagator[]
  } = {},
) {
  const callAction = createActionCaller({
    env: { BASE_URL: url, SECRET: 'from-env' },
    configuredHeaderPrecedence: facts.configuredHeaderPrecedence ?? false,
    propagators: facts.propagators ?? [],
  })
  return callAction({
    action: facts.action ?? actionWith({}),
    input: { serial: 'abc' },
    session: SESSION,
    requestQuery: 'mutation { register(serial: "abc") { id } }',
    requestHeaders: facts.requestHeaders ?? {},
    span: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampling: '1' },
  })
}

async function failure(reply: Reply, action?: Action): Promise<HasuraError> {
  const { url } = await startHandler(reply)
  const error = await call(url, action === undefined ? {} : { action }).catch((reason: unknown) => reason)
  if (!(error instanceof HasuraError)) throw new Error('did not fail')
  return error
}

describe('handler answers', () => {
  test.each([
    ['2xx that is not JSON', { body: 'fine' }, 'unexpected: not a valid json response from webhook'],
    ['5xx', { status: 500, body: '{"message":"secret detail"}' }, 'unexpected: internal error'],
    ['3xx', { status: 304 }, 'unexpected: internal error'],
    ['4xx with a message', { status: 400, body: '{"message":"no"}' }, 'unexpected: no'],
    ['4xx with a code', { status: 422, body: '{"message":"no","code":"bad-serial"}' }, 'bad-serial: no'],
    ['4xx that is not JSON', { status: 400, body: 'no' }, 'unexpected: not a valid json response from webhook'],
  ])('%s', async (_name, reply, expected) => {
    const { code, message } = await failure(reply)
    expect(`${code}: ${message}`).toBe(expected)
  })

  test('4xx without a message', async () => {
    expect((await failure({ status: 400, body: '{"error":"no"}' })).code).toBe('parse-failed')
  })

  test('4xx with extensions: they replace ours', async () => {
    const error = await failure({
      status: 400,
      body: '{"message":"no","code":"a","extensions":{"code":"b","field":"serial"}}',
    })
    expect(error.extensions).toEqual({ code: 'b', field: 'serial' })
  })

  test('too late', async () => {
    const { code, message } = await failure({ delayMs: 200 }, actionWith({ timeout: 0.05 }))
    expect(`${code}: ${message}`).toBe('unexpected: http exception when calling webhook')
  })

  test('nobody there', async () => {
    await expect(call('http://localhost:1')).rejects.toThrow('http exception when calling webhook')
  })

  test('2xx with JSON and cookies', async () => {
    const { url } = await startHandler({
      status: 201,
      body: '{"id":1}',
      headers: { 'set-cookie': ['a=1; Path=/', 'b=2'] },
    })
    expect(await call(url)).toMatchObject({ json: { id: 1 }, cookies: ['a=1; Path=/', 'b=2'] })
  })
})

describe('the details of an error', () => {
  const headers = [
    { name: 'X-Action-Secret', value_from_env: 'SECRET' },
    { name: 'X-Plain', value: 'v' },
  ]
  const request = {
    url: '{{BASE_URL}}/actions/register',
    headers,
    body: {
      action: { name: 'register' },
      input: { serial: 'abc' },
      request_query: 'mutation { register(serial: "abc") { id } }',
      session_variables: { 'x-hasura-role': 'user', 'x-hasura-user-id': '42' },
    },
    transformed_request: null,
  }

  test('are none when the handler refuses as it should', async () => {
    expect((await failure({ status: 400, body: '{"message":"no"}' }, actionWith({ headers }))).internal).toBe(undefined)
  })

  test.each([
    ['internal error', { status: 500, body: '{"why":"disk"}' }, { why: 'disk' }],
    ['unexpected response', { status: 200, body: 'fine' }, 'fine'],
    ['unexpected response', { status: 400, body: 'null' }, null],
  ])('tell both sides of the call, secrets by name: %s', async (error, reply, body) => {
    const { internal } = await failure({ ...reply, headers: { 'x-from': 'handler' } }, actionWith({ headers }))
    const response = {
      status: reply.status,
      body,
      headers: expect.arrayContaining([{ name: 'x-from', value: 'handler' }]),
    }
    expect(internal).toEqual({ error, request, response })
    expect(JSON.stringify(internal)).not.toContain('from-env')
  })

  test('tell why there was no answer', async () => {
    const { internal } = await failure({ delayMs: 200 }, actionWith({ headers, timeout: 0.05 }))
    expect(internal).toEqual({ error: { type: 'http_exception', message: 'timeout' }, request, response: null })
  })
})

describe('request', () => {
  test("continues the caller's trace with a span of its own, in the headers of the metadata's propagators", async () => {
    const { url, asked } = await startHandler({ body: 'null' })
    await call(url, { propagators: ['tracecontext', 'b3'] })
    const { headers } = asked[0]!
    expect(headers).toMatchObject({ 'x-b3-traceid': 'a'.repeat(32), 'x-b3-parentspanid': 'b'.repeat(16) })
    expect(headers['x-b3-spanid']).toMatch(/^[0-9a-f]{16}$/)
    expect(headers['x-b3-spanid']).not.toBe('b'.repeat(16))
    expect(headers['traceparent']).toBe(`00-${'a'.repeat(32)}-${headers['x-b3-spanid'] as string}-01`)
  })

  test('tells of no trace while OpenTelemetry is off', async () => {
    const { url, asked } = await startHandler({ body: 'null' })
    await call(url)
    expect(Object.keys(asked[0]!.headers).filter((name) => /^(x-b3|trace)/.test(name))).toEqual([])
  })

  test('carries action, input, query and session', async () => {
    const { url, asked } = await startHandler({ body: 'null' })
    await call(url)
    expect(asked[0]!.url).toBe('/actions/register')
    expect(asked[0]!.headers['content-type']).toBe('application/json')
    expect(asked[0]!.headers['user-agent']).toBe('hasura-graphql-engine/v2.50.10')
    expect(asked[0]!.body).toEqual({
      action: { name: 'register' },
      input: { serial: 'abc' },
      request_query: 'mutation { register(serial: "abc") { id } }',
      session_variables: { 'x-hasura-role': 'user', 'x-hasura-user-id': '42' },
    })
  })

  const headers = [{ name: 'X-Action-Secret', value_from_env: 'SECRET' }]
  const client = {
    'x-action-secret': 'forged',
    'x-mine': '1',
    cookie: 'c=1',
    host: 'app',
    origin: 'http://app',
    'x-hasura-role': 'admin',
    accept: 'text/html',
  }

  test('has no client headers unless they are forwarded', async () => {
    const { url, asked } = await startHandler({ body: 'null' })
    await call(url, { action: actionWith({ headers }), requestHeaders: client })
    expect(asked[0]!.headers).toMatchObject({ 'x-action-secret': 'from-env' })
    expect(asked[0]!.headers).not.toHaveProperty('x-mine')
    expect(asked[0]!.headers).not.toHaveProperty('cookie')
  })

  test.each([
    [false, 'forged'],
    [true, 'from-env'],
  ])('forwards client headers; configured ones win: %s', async (configuredHeaderPrecedence, secret) => {
    const { url, asked } = await startHandler({ body: 'null' })
    const action = actionWith({ headers, forward_client_headers: true })
    await call(url, { action, requestHeaders: client, configuredHeaderPrecedence })
    expect(asked[0]!.headers).toMatchObject({
      'x-action-secret': secret,
      'x-mine': '1',
      cookie: 'c=1',
      'x-forwarded-host': 'app',
      'x-forwarded-origin': 'http://app',
    })
    expect(asked[0]!.headers).not.toHaveProperty('x-hasura-role')
    expect(asked[0]!.headers.accept).not.toBe('text/html')
  })
})

test('actions whose variables are not set are inconsistent', () => {
  const complete = actionWith({ handler: 'http://localhost/x' })
  const { usable, inconsistencies } = partitionActions([actionWith({}), complete], {})
  expect(usable).toEqual([complete])
  expect(inconsistencies).toEqual([
    { name: 'action register', reason: `in action "register": environment variable 'BASE_URL' not set` },
  ])
})
