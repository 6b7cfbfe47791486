import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from 'graphql-ws'
import { afterEach, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { createFakeEngine } from '../../../tests/support/fake-graphql-engine.ts'
import { HasuraError } from '../errors.ts'
import { silentLog } from '../log.ts'
import type { Session } from '../session.ts'
import { createLiveQueries } from './live-queries.ts'
import { createSubscriptionServer } from './server.ts'

const cleanUps: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp()
})

/** Lets in whoever names a user; `x-expires-in` ends the session after so many milliseconds. */
async function authenticate(headers: Readonly<Record<string, string>>): Promise<Session> {
  const { 'x-user': user, 'x-expires-in': lifeMs } = headers
  if (user === undefined) throw new HasuraError({ code: 'invalid-jwt', message: 'Could not verify JWT: JWTExpired' })
  const expiresAt = lifeMs === undefined ? {} : { expiresAt: new Date(Date.now() + Number(lifeMs)) }
  return {
    role: 'user',
    variables: { 'x-hasura-role': 'user', 'x-hasura-user-id': user },
    backendOnly: false,
    ...expiresAt,
  }
}

async function start({ keepaliveMs = 60_000, initTimeoutMs = 60_000 } = {}) {
  const engine = createFakeEngine()
  const liveQueries = createLiveQueries({ intervalMs: 5 })
  const settings = { websocketKeepaliveMs: keepaliveMs, websocketInitTimeoutMs: initTimeoutMs, websocketQueueSize: 100 }
  const server = createSubscriptionServer({ authenticate, engine: () => engine, liveQueries, settings, log: silentLog })
  const http = createServer()
  http.on('upgrade', (request, socket, head) =>
    server.accept({ request, socket, head, headers: { 'x-mine': 'handshake' } }),
  )
  await new Promise<void>((resolve) => http.listen(0, resolve))
  cleanUps.push(
    () => new Promise((resolve) => http.close(resolve)),
    () => server.close(),
  )
  return { url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}`, engine, liveQueries, server }
}

async function connect(url: string, ...protocols: string[]) {
  const socket = new WebSocket(url, protocols)
  const heard: { type: string; id?: string; payload?: unknown }[] = []
  const closed: string[] = []
  socket.on('message', (data: Buffer) => heard.push(JSON.parse(data.toString())))
  socket.on('close', (code, reason) => closed.push(`${code} ${reason.toString()}`))
  await new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  cleanUps.push(async () => socket.terminate())
  const say = (message: unknown) => socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  /** What was said about operations, without the chatter of the connection. */
  const operations = () => heard.filter(({ id }) => id !== undefined)
  return { socket, heard, closed, say, operations }
}

const INIT = { type: 'connection_init', payload: { headers: { 'X-User': '42' } } }
const subscribe = (query: string, id = '1') => ({ type: 'subscribe', id, payload: { query } })

describe('graphql-transport-ws: closes the connection', () => {
  const closing: readonly [string, readonly unknown[], string][] = [
    ['for a message that is not JSON', ['{'], '4400 4400: parsing ClientMessage failed: not a JSON object'],
    [
      'for a message of the other protocol',
      [INIT, { type: 'start', id: '1', payload: {} }],
      '4400 4400: parsing ClientMessage failed: unexpected type for ClientMessage: start',
    ],
    ['when not authenticated', [{ type: 'connection_init' }], '4403 4403: Forbidden'],
    ['for an operation before connection_init', [subscribe('q')], '4401 4401: Unauthorized'],
    ['for a second connection_init', [INIT, INIT], '4429 4429: Too many requests'],
    [
      'for an id in use',
      [INIT, subscribe('subscription'), subscribe('subscription')],
      '4409 4409: Subscriber for 1 already exists',
    ],
  ]
  test.each(closing)('%s', async (_name, messages, expected) => {
    const { url } = await start()
    const client = await connect(url, 'graphql-transport-ws')
    for (const message of messages) client.say(message)
    await expect.poll(() => client.closed).toEqual([expected])
  })

  test('when connection_init does not come', async () => {
    const { url } = await start({ initTimeoutMs: 30 })
    const client = await connect(url, 'graphql-transport-ws')
    await expect.poll(() => client.closed).toEqual(['4408 4408: Connection initialisation timeout'])
  })

  test('when the token expires', async () => {
    const { url, liveQueries } = await start()
    const client = await connect(url, 'graphql-transport-ws')
    client.say({ type: 'connection_init', payload: { headers: { 'x-user': '42', 'x-expires-in': '60' } } })
    client.say(subscribe('subscription'))
    await expect.poll(() => client.operations()).toHaveLength(1)
    await expect.poll(() => client.closed).toEqual(['1000 JWT expired'])
    await expect.poll(() => liveQueries.size).toBe(0)
  })

  test('when the metadata changes', async () => {
    const { url, server } = await start()
    const client = await connect(url, 'graphql-transport-ws')
    server.closeAll(1012, 'changed')
    await expect.poll(() => client.closed).toEqual(['1012 changed'])
  })
})

describe('graphql-transport-ws', () => {
  test('acknowledges, keeps alive and answers pings', async () => {
    const { url } = await start({ keepaliveMs: 20 })
    const client = await connect(url, 'graphql-transport-ws', 'graphql-ws')
    client.say(INIT)
    client.say({ type: 'ping', payload: { n: 1 } })
    await expect.poll(() => client.heard.length).toBeGreaterThan(3)
    expect(client.socket.protocol).toBe('graphql-transport-ws')
    expect(client.heard.filter(({ type }) => type === 'connection_ack')).toHaveLength(1)
    expect(client.heard).toContainEqual({ type: 'ping', payload: { message: 'keepalive' } })
    expect(client.heard).toContainEqual({ type: 'pong', payload: { n: 1 } })
  })

  test('runs a query that was sent before the acknowledgement, with the handshake headers', async () => {
    const { url } = await start()
    const client = await connect(url, 'graphql-transport-ws')
    client.say(INIT)
    client.say(subscribe('q', 'a'))
    await expect
      .poll(() => client.operations())
      .toEqual([
        { type: 'next', id: 'a', payload: { data: { role: 'user', user: '42', header: 'handshake' } } },
        { type: 'complete', id: 'a' },
      ])
  })

  test.each([
    ['invalid', { message: 'not a valid graphql query', extensions: { path: '$.query', code: 'validation-failed' } }],
    ['failing', { message: 'division by zero', extensions: { path: '$', code: 'data-exception' } }],
  ])('tells the error of an operation that is %s', async (query, error) => {
    const { url } = await start()
    const client = await connect(url, 'graphql-transport-ws')
    client.say(INIT)
    client.say(subscribe(query))
    await expect
      .poll(() => client.operations())
      .toEqual([
        { type: 'error', id: '1', payload: [error] },
        { type: 'complete', id: '1' },
      ])
  })

  test('sends a live query when it changes, until it is completed', async () => {
    const { url, engine, liveQueries } = await start()
    const client = await connect(url, 'graphql-transport-ws')
    client.say(INIT)
    client.say(subscribe('subscription'))
    await expect.poll(() => client.operations()).toEqual([{ type: 'next', id: '1', payload: { data: { n: 1 } } }])
    engine.answer = '{"n":2}'
    await expect.poll(() => client.operations()).toHaveLength(2)
    client.say({ type: 'complete', id: '1' })
    await expect.poll(() => liveQueries.size).toBe(0)
    engine.answer = '{"n":3}'
    await sleep(30)
    expect(client.operations()).toHaveLength(2)
    client.say(subscribe('subscription'))
    await expect.poll(() => client.operations().at(-1)).toEqual({ type: 'next', id: '1', payload: { data: { n: 3 } } })
  })

  test('stops polling for a client that disappears', async () => {
    const { url, engine, liveQueries } = await start()
    const client = await connect(url, 'graphql-transport-ws')
    client.say(INIT)
    client.say(subscribe('subscription'))
    await expect.poll(() => liveQueries.size).toBe(1)
    client.socket.terminate()
    await expect.poll(() => liveQueries.size).toBe(0)
    const { polls } = engine
    await sleep(30)
    expect(engine.polls).toBeLessThanOrEqual(polls + 1)
  })

  test('serves the library that apps use', async () => {
    const { url } = await start()
    const client = createClient({
      url,
      webSocketImpl: WebSocket,
      connectionParams: { headers: { 'x-user': '7' } },
      retryAttempts: 0,
    })
    const results = client.iterate({ query: 'q' })
    expect((await results.next()).value).toEqual({ data: { role: 'user', user: '7', header: 'handshake' } })
    expect((await results.next()).done).toBe(true)
    await client.dispose()
  })
})

describe('graphql-ws, the protocol of Apollo', () => {
  const begin = (query: string, id = '1') => ({ type: 'start', id, payload: { query } })

  test('is spoken when the client names none', async () => {
    const { url } = await start()
    const client = await connect(url)
    client.say(INIT)
    await expect.poll(() => client.heard).toEqual([{ type: 'connection_ack' }, { type: 'ka' }])
  })

  test('says why before it closes when not authenticated', async () => {
    const { url } = await start()
    const client = await connect(url, 'graphql-ws')
    client.say({ type: 'connection_init', payload: {} })
    await expect.poll(() => client.closed).toEqual(['4400 4400: Could not verify JWT: JWTExpired'])
    expect(client.heard).toEqual([{ type: 'connection_error', payload: 'Could not verify JWT: JWTExpired' }])
  })

  test('survives an operation before connection_init', async () => {
    const { url } = await start()
    const client = await connect(url, 'graphql-ws')
    client.say(begin('q'))
    await expect.poll(() => client.operations().map(({ type }) => type)).toEqual(['error', 'complete'])
    expect(client.closed).toEqual([])
  })

  test('wraps errors by where they arose', async () => {
    const { url } = await start()
    const client = await connect(url, 'graphql-ws')
    client.say(INIT)
    client.say(begin('invalid', 'a'))
    client.say(begin('failing', 'b'))
    await expect.poll(() => client.operations()).toHaveLength(4)
    expect(client.operations().filter(({ type }) => type !== 'complete')).toEqual([
      {
        type: 'error',
        id: 'a',
        payload: {
          errors: [
            { message: 'not a valid graphql query', extensions: { path: '$.query', code: 'validation-failed' } },
          ],
        },
      },
      {
        type: 'data',
        id: 'b',
        payload: {
          data: null,
          errors: [{ message: 'division by zero', extensions: { path: '$', code: 'data-exception' } }],
        },
      },
    ])
  })

  test('starts, sends and stops a live query', async () => {
    const { url, liveQueries } = await start()
    const client = await connect(url, 'graphql-ws')
    client.say(INIT)
    client.say(begin('subscription'))
    await expect.poll(() => client.operations()).toEqual([{ type: 'data', id: '1', payload: { data: { n: 1 } } }])
    client.say({ type: 'stop', id: '1' })
    await expect.poll(() => liveQueries.size).toBe(0)
    client.say({ type: 'connection_terminate' })
    await expect.poll(() => client.closed).toHaveLength(1)
  })
})
