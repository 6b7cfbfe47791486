import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { sendRequest } from '../../runtime/http-client.ts'
import { Secret } from '../../runtime/secret.ts'
import { ensureSubscription } from './subscription.ts'

const CALLBACK = 'https://service.example/webhooks/strava/path-secret'

interface Prepared {
  readonly [call: string]: { readonly status: number; readonly body?: string }
}

/** A Strava with prepared answers by method; one that was not prepared is a 500. Answers what was asked, in order. */
async function ensureAgainst(answers: Prepared): Promise<{ calls: string[]; result: string }> {
  const calls: string[] = []
  const server = createServer((request, response) => {
    void readText(request).then((body) => {
      calls.push(`${request.method} ${request.url}${body === '' ? '' : ` ${body}`}`)
      const answer = answers[request.method ?? ''] ?? { status: 500, body: 'not prepared' }
      response.writeHead(answer.status).end(answer.body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const application = {
    clientId: '7',
    clientSecret: new Secret('s e'),
    webhookSecret: new Secret('w'),
    verifyToken: new Secret('verify'),
  }
  const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v3`
  try {
    const send = (request: Parameters<typeof sendRequest>[0]) =>
      sendRequest(request, { timeoutMs: 2000, maxBytes: 10_000 })
    const result = await ensureSubscription({ application, apiUrl, callbackUrl: CALLBACK, send }).catch(
      (error: Error) => error.message,
    )
    return { calls, result }
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
}

const QUERY = 'client_id=7&client_secret=s+e'
const LIST = `GET /api/v3/push_subscriptions?${QUERY}`
const CREATE = `POST /api/v3/push_subscriptions ${QUERY}&callback_url=https%3A%2F%2Fservice.example%2Fwebhooks%2Fstrava%2Fpath-secret&verify_token=verify`
const list = (...addresses: string[]) => ({
  status: 200,
  body: JSON.stringify(addresses.map((callback_url, index) => ({ id: 100 + index, resource_state: 2, callback_url }))),
})

describe('ensuring the subscription', () => {
  test.each([
    ['misconfigured when the credentials are refused', { GET: { status: 401, body: '{}' } }, 'platform/misconfigured'],
    ['misconfigured when the application is inactive', { GET: { status: 403, body: '{}' } }, 'platform/misconfigured'],
    [
      'misconfigured when our address is not accepted',
      { GET: list(), POST: { status: 400, body: '{}' } },
      'platform/misconfigured',
    ],
    ['unavailable on a failure', { GET: { status: 503, body: '<html>' } }, 'platform/unavailable'],
    ['unavailable when there are too many requests', { GET: { status: 429, body: '{}' } }, 'platform/unavailable'],
    ['unavailable when the list is unreadable', { GET: { status: 200, body: '<html>' } }, 'platform/unavailable'],
    [
      'unavailable when the new one has no id',
      { GET: list(), POST: { status: 201, body: '{}' } },
      'platform/unavailable',
    ],
    [
      'unavailable when the former one cannot be removed',
      { GET: list('https://former.example'), DELETE: { status: 500 } },
      'platform/unavailable',
    ],
  ])('is %s', async (_name, answers, code) => {
    expect((await ensureAgainst(answers)).result).toBe(code)
  })

  test('finds ours by its address', async () => {
    expect(await ensureAgainst({ GET: list(CALLBACK) })).toEqual({ calls: [LIST], result: '100' })
  })

  test('makes one when there is none', async () => {
    const answers = { GET: list(), POST: { status: 201, body: '{"id":131300,"resource_state":2,"application_id":7}' } }
    expect(await ensureAgainst(answers)).toEqual({ calls: [LIST, CREATE], result: '131300' })
  })

  test.each([204, 404])('replaces one with another address (removal answers %i)', async (status) => {
    const answers = {
      GET: list('https://former.example/hook'),
      DELETE: { status },
      POST: { status: 201, body: '{"id":9007199254740993}' },
    }
    expect(await ensureAgainst(answers)).toEqual({
      calls: [LIST, `DELETE /api/v3/push_subscriptions/100?${QUERY}`, CREATE],
      result: '9007199254740993',
    })
  })
})
