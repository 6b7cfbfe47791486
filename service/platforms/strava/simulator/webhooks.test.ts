import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { openApplication } from './application-under-test.ts'

interface Received {
  readonly method: string
  readonly url: URL
  readonly body: unknown
}
type Answer = { readonly status: number; readonly type?: string; readonly text?: string; readonly delayMs?: number }
const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A callback that records what it gets and answers as it is told. */
async function listen(answer: (request: Received, count: number) => Answer) {
  const received: Received[] = []
  const server = createServer((request, response) => {
    void readBody(request).then((text) => {
      const url = new URL(request.url ?? '', 'http://callback')
      received.push({ method: request.method ?? '', url, body: text === '' ? undefined : JSON.parse(text) })
      const {
        status,
        type = 'application/json',
        text: reply = '',
        delayMs = 0,
      } = answer(received.at(-1)!, received.length)
      const timer = setTimeout(
        () => response.writeHead(status, { 'content-type': type, location: '/elsewhere' }).end(reply),
        delayMs,
      )
      response.on('close', () => clearTimeout(timer))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()))
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/secret` }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString()
}

const echo = ({ url }: Received): Answer => ({
  status: 200,
  text: JSON.stringify({ 'hub.challenge': url.searchParams.get('hub.challenge') }),
})
const posts = (received: readonly Received[]) =>
  received.filter(({ method }) => method === 'POST').map(({ body }) => body)

async function open(options: Parameters<typeof openApplication>[0] = {}) {
  const opened = await openApplication({ retryMs: 10, ...options })
  closing.push(opened.close)
  const subscribe = (url: string, secret = opened.application.client_secret) =>
    opened.post('/api/v3/push_subscriptions', {
      client_id: '24523',
      client_secret: secret,
      callback_url: url,
      verify_token: 'verify-me',
    })
  return { ...opened, subscribe }
}

describe('a subscription', () => {
  test.for<[string, (request: Received) => Answer, string]>([
    ['another status than 200', () => ({ status: 201 }), 'GET to callback URL does not return 200'],
    ['a redirect', () => ({ status: 302 }), 'GET to callback URL does not return 200'],
    ['another challenge', () => ({ status: 200, text: '{"hub.challenge":"other"}' }), 'not verifiable'],
    ['something that is no JSON', () => ({ status: 200, text: 'ok' }), 'not verifiable'],
    ['the right challenge as text', (request) => ({ ...echo(request), type: 'text/plain' }), 'not verifiable'],
  ])('is refused when the callback answers %s', async ([, answer, code]) => {
    const { subscribe, app } = await open()
    const { url } = await listen(answer)
    const response = await subscribe(url)
    expect(response.statusCode).toBe(400)
    expect(response.json()).toEqual({
      message: 'Bad Request',
      errors: [{ resource: 'PushSubscription', field: 'callback url', code }],
    })
    expect(
      (
        await app.inject('/strava/api/v3/push_subscriptions?client_id=24523&client_secret=simulated-client-secret')
      ).json(),
    ).toEqual([])
  })

  test('is refused when the callback takes longer than two seconds', async () => {
    const { subscribe } = await open()
    const { url } = await listen((request) => ({ ...echo(request), delayMs: 2500 }))
    expect((await subscribe(url)).statusCode).toBe(400)
  })

  test('is refused to another secret, without a request to the callback', async () => {
    const { subscribe } = await open()
    const { url, received } = await listen(echo)
    expect((await subscribe(url, 'wrong')).statusCode).toBe(401)
    expect(received).toEqual([])
  })

  test('is made after the handshake, is the only one, and can be deleted', async () => {
    const { subscribe, app } = await open()
    const { url, received } = await listen(echo)
    const created = await subscribe(url)
    expect([created.statusCode, created.json()]).toEqual([
      201,
      expect.objectContaining({ id: 131300, application_id: 24523, callback_url: url }),
    ])
    expect(Object.fromEntries(received[0]!.url.searchParams)).toMatchObject({
      'hub.mode': 'subscribe',
      'hub.verify_token': 'verify-me',
    })
    expect((await subscribe(url)).json().errors[0].code).toBe('already exists')
    const credentials = '?client_id=24523&client_secret=simulated-client-secret'
    expect((await app.inject(`/strava/api/v3/push_subscriptions${credentials}`)).json()).toEqual([created.json()])
    const remove = (id: number) =>
      app.inject({ method: 'DELETE', url: `/strava/api/v3/push_subscriptions/${id}${credentials}` })
    expect([
      (await remove(1)).statusCode,
      (await remove(131300)).statusCode,
      (await remove(131300)).statusCode,
    ]).toEqual([404, 204, 404])
  })
})

describe('an event', () => {
  async function openSubscribed(answer: (attempt: number) => Answer, scope = 'read,activity:read_all') {
    const opened = await open()
    const { url, received } = await listen((request, count) =>
      request.method === 'GET' ? echo(request) : answer(count - 1),
    )
    await opened.subscribe(url)
    const { access_token } = await opened.connect({ scope })
    return { ...opened, received, access_token }
  }

  test.for<[string, Answer]>([
    ['202', { status: 202 }],
    ['a redirect', { status: 307 }],
    ['500', { status: 500 }],
  ])('is sent three times in all when the answer is %s', async ([, answer]) => {
    const { control, received } = await openSubscribed(() => answer)
    await control('POST', '/activity')
    await vi.waitFor(() => expect(posts(received)).toHaveLength(3))
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(posts(received)).toHaveLength(3)
    expect(new Set(posts(received).map((body) => JSON.stringify(body))).size).toBe(1)
  })

  test('is sent again when there is no answer within two seconds, and no more after a 200', async () => {
    const { control, received } = await openSubscribed((attempt) => ({
      status: 200,
      delayMs: attempt === 1 ? 2500 : 0,
    }))
    await control('POST', '/activity')
    await vi.waitFor(() => expect(posts(received)).toHaveLength(2), 4000)
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(posts(received)).toHaveLength(2)
  })

  test('tells of a new, a renamed, a hidden and a deleted activity', async () => {
    const { control, received } = await openSubscribed(() => ({ status: 200 }))
    const { id } = (await control('POST', '/activity', '{"id":9007199254740993}')).json()
    expect(id).toBe(9007199254740992)
    await control('PATCH', '/activity/9007199254740993', { name: 'Renamed' })
    await control('PATCH', '/activity/9007199254740993', { private: true })
    await control('DELETE', '/activity/9007199254740993')
    await vi.waitFor(() => expect(posts(received)).toHaveLength(4))
    const same = {
      object_type: 'activity',
      object_id: 9007199254740992,
      owner_id: 1,
      subscription_id: 131300,
      event_time: 1795435200,
    }
    expect(posts(received)).toEqual(
      expect.arrayContaining([
        { ...same, aspect_type: 'create', updates: {} },
        { ...same, aspect_type: 'update', updates: { title: 'Renamed' } },
        { ...same, aspect_type: 'update', updates: { private: 'true' } },
        { ...same, aspect_type: 'delete', updates: {} },
      ]),
    )
  })

  test('of privacy looks like deletion and creation to who has activity:read only', async () => {
    const { control, received } = await openSubscribed(() => ({ status: 200 }), 'read,activity:read')
    const { id } = (await control('POST', '/activity', { private: true })).json()
    await control('PATCH', `/activity/${id}`, { private: false })
    await vi.waitFor(() => expect(posts(received)).toMatchObject([{ aspect_type: 'create' }]))
    await control('PATCH', `/activity/${id}`, { private: true })
    await vi.waitFor(() =>
      expect(posts(received)).toMatchObject([{ aspect_type: 'create' }, { aspect_type: 'delete' }]),
    )
  })

  test('is not sent to an application without an activity scope', async () => {
    const { control, received } = await openSubscribed(() => ({ status: 200 }), 'read')
    await control('POST', '/activity')
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(posts(received)).toEqual([])
  })

  test('tells of a grant taken back', async () => {
    const { post, received, access_token } = await openSubscribed(() => ({ status: 200 }))
    await post('/oauth/deauthorize', {}, { authorization: `Bearer ${access_token}` })
    await vi.waitFor(() =>
      expect(posts(received)).toMatchObject([
        { object_type: 'athlete', object_id: 1, aspect_type: 'update', updates: { authorized: 'false' } },
      ]),
    )
  })

  test('is lost or doubled on request', async () => {
    const { control, received } = await openSubscribed(() => ({ status: 200 }))
    await control('POST', '/faults', { next: [{ webhook: 'lost' }, { webhook: 'twice' }] })
    await control('POST', '/activity', { name: 'lost' })
    const { id } = (await control('POST', '/activity', { name: 'doubled' })).json()
    await vi.waitFor(() => expect(posts(received)).toMatchObject([{ object_id: id }, { object_id: id }]))
  })
})
