import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { PlatformRequest } from '../request.ts'
import platform from './platform.ts'

const NOW = new Date('2026-07-04T08:00:30Z')
const SECONDS = '1783152000' // 2026-07-04T08:00:00Z
const BODY =
  '{"event_type":"update","data_type":"sleep","object_id":"12345abc","event_time":"2026-07-04T08:00:00+00:00","user_id":"u1"}'
const ENVIRONMENT = {
  OURA_CLIENT_ID: 'id',
  OURA_CLIENT_SECRET: 'the-client-secret',
  OURA_WEBHOOK_SECRET: 'w'.repeat(32),
  OURA_WEBHOOK_VERIFICATION_TOKEN: 'v'.repeat(16),
}
const { webhook, api, oauth } = platform.connect(platform.env.parse(ENVIRONMENT))!

// As Oura documents it, made here independently: upper case, timestamp and body in one text.
const sign = (timestamp: string, body: string, secret = 'the-client-secret') =>
  createHmac('sha256', secret).update(`${timestamp}${body}`, 'utf8').digest('hex').toUpperCase()
const signed = (body = BODY, timestamp = SECONDS) => ({
  'x-oura-timestamp': timestamp,
  'x-oura-signature': sign(timestamp, body),
})
const verify = (headers: Record<string, string | string[]>, body = BODY, now = NOW) =>
  webhook.verify({ rawBody: Buffer.from(body), headers, subscriptionId: undefined, now })

describe('a notice', () => {
  test.for([
    ['no signature', { 'x-oura-timestamp': SECONDS }, 'unsigned'],
    ['no timestamp', { 'x-oura-signature': sign(SECONDS, BODY) }, 'unsigned'],
    [
      'a signature by another secret',
      { 'x-oura-timestamp': SECONDS, 'x-oura-signature': sign(SECONDS, BODY, 'x') },
      'signature',
    ],
    [
      'a signature over the body alone',
      { 'x-oura-timestamp': SECONDS, 'x-oura-signature': sign('', BODY) },
      'signature',
    ],
    ['another timestamp than was signed', { ...signed(), 'x-oura-timestamp': '1783152001' }, 'signature'],
    ['two signatures', { ...signed(), 'x-oura-signature': [sign(SECONDS, BODY), 'x'] }, 'unsigned'],
    ['a timestamp of two hours and a second ago', signed(BODY, '1783144829'), 'stale'],
    ['a timestamp six minutes ahead', signed(BODY, '1783152390'), 'stale'],
    ['a timestamp that is none', signed(BODY, 'now'), 'stale'],
  ] as const)('with %s is refused', ([, headers, problem]) => {
    expect(() => verify(headers as Record<string, string>)).toThrow(
      expect.objectContaining({ code: 'webhook/not_verified', facts: expect.objectContaining({ problem }) }),
    )
  })

  test('whose body was altered is refused', () => {
    expect(() => verify(signed(), BODY.replace('u1', 'u2'))).toThrow(
      expect.objectContaining({ code: 'webhook/not_verified' }),
    )
  })

  test.for([
    ['no JSON', '{"event_type"', 'body'],
    ['no owner', BODY.replace('"user_id":"u1"', '"user_id":""'), 'user_id'],
    ['an event that nobody knows', BODY.replace('update', 'eat'), 'event_type'],
  ] as const)('that is signed and has %s is malformed', ([, body, field]) => {
    expect(() => verify(signed(body), body)).toThrow(
      expect.objectContaining({ code: 'webhook/malformed', facts: expect.objectContaining({ field }) }),
    )
  })

  test('is accepted in seconds or milliseconds, capitals or not, and again within the hour in which Oura tries', () => {
    const small = { ...signed(), 'x-oura-signature': sign(SECONDS, BODY).toLowerCase() }
    expect(verify(small)).toEqual(verify(signed()))
    expect(verify(signed(BODY, '1783152000000'))).toEqual(verify(signed()))
    expect(verify(signed(), BODY, new Date('2026-07-04T09:05:00Z'))).toEqual(verify(signed()))
  })

  test('is one with its repetition, and two changes are two', () => {
    const later = BODY.replace('08:00:00+', '08:00:01+')
    expect(verify(signed(later), later)).not.toEqual(verify(signed()))
    const timeless = BODY.replace('"event_time":"2026-07-04T08:00:00+00:00",', '')
    expect(verify(signed(timeless), timeless)).not.toEqual(verify(signed(timeless, '1783152001'), timeless))
  })

  test('says which document of which list to read', () => {
    const body = BODY.replace('"sleep"', '"vO2_max"').replace('update', 'delete')
    const [notice] = webhook.read(Buffer.from(body))
    expect(notice).toEqual({ platformUserId: 'u1', sourceId: '12345abc', sourceType: 'vo2_max', kind: 'deleted' })
    expect(api.item!({ ...notice!, sourceId: '12345abc' })).toMatchObject({
      dataType: 'vo2_max',
      request: { method: 'GET', url: 'https://api.ouraring.com/v2/usercollection/vO2_max/12345abc' },
    })
    expect(api.item!({ sourceType: 'tag', sourceId: '1' })).toBeUndefined()
    expect(api.item!({ sourceType: 'sleep', sourceId: '../x?y' })!.request.url).toBe(
      'https://api.ouraring.com/v2/usercollection/sleep/..%2Fx%3Fy',
    )
  })
})

describe('the handshake', () => {
  test('is answered to whoever knows the token, and to nobody else', () => {
    const right = { verification_token: 'v'.repeat(16), challenge: 'c1' }
    expect(webhook.handshake!(right)).toEqual({ challenge: 'c1' })
    for (const wrong of [
      { ...right, verification_token: 'v' },
      { challenge: 'c1' },
      { ...right, verification_token: ['v'.repeat(16)] },
    ])
      expect(() => webhook.handshake!(wrong)).toThrow(expect.objectContaining({ code: 'webhook/wrong_verify_token' }))
    expect(() => webhook.handshake!({ ...right, challenge: '' })).toThrow(
      expect.objectContaining({ code: 'webhook/malformed' }),
    )
  })
})

describe('the subscriptions', () => {
  const address = 'https://service.example.com/webhooks/oura/secret'
  const answer = (status: number, body: unknown) => ({
    status,
    headers: new Headers(),
    text: JSON.stringify(body),
  })

  test('are made for each pair, ours are renewed, another address gives way', async () => {
    const asked: PlatformRequest[] = []
    const existing = [
      { id: 'ours', callback_url: address, event_type: 'create', data_type: 'sleep' },
      { id: 'former', callback_url: 'https://old.example.com', event_type: 'update', data_type: 'sleep' },
      { id: 'unwanted', callback_url: address, event_type: 'create', data_type: 'tag' },
      { id: 'others', callback_url: 'https://old.example.com', event_type: 'create', data_type: 'tag' },
    ]
    const send = async (request: PlatformRequest) => {
      asked.push(request)
      return request.method === 'GET'
        ? answer(200, existing)
        : answer(request.method === 'DELETE' ? 404 : 201, { id: `new-${asked.length}` })
    }
    const ids = await webhook.ensureSubscription!({ callbackUrl: address, send })
    expect(ids.split(',')).toHaveLength(25)
    expect(ids).toContain('ours')
    const of = (method: string) => asked.filter((request) => request.method === method)
    expect(of('PUT').map(({ url }) => url)).toEqual(['https://api.ouraring.com/v2/webhook/subscription/renew/ours'])
    expect(of('DELETE').map(({ url }) => url.split('/').at(-1))).toEqual(['former', 'unwanted'])
    expect(of('POST')).toHaveLength(24)
    expect(of('POST')[0]).toMatchObject({
      headers: { 'x-client-id': 'id', 'x-client-secret': 'the-client-secret' },
      json: { data_type: 'sleep', event_type: 'update', callback_url: address, verification_token: 'v'.repeat(16) },
    })
  })

  test.for([
    [401, 'platform/misconfigured'],
    [422, 'platform/misconfigured'],
    [429, 'platform/unavailable'],
    [500, 'platform/unavailable'],
  ] as const)('end with what a %s means', async ([status, code]) => {
    const send = async () => answer(status, { detail: 'x' })
    await expect(webhook.ensureSubscription!({ callbackUrl: address, send })).rejects.toMatchObject({ code })
  })
})

describe('an answer of the API', () => {
  test.for([
    [200, '{}', 'ok'],
    [401, '{"detail":"expired"}', 'unauthorized'],
    [401, '{"detail":"Token not authorized"}', 'scope_missing'],
    [403, '', 'scope_missing'],
    [404, '', 'not_found'],
    [422, '', 'misconfigured'],
    [426, '', 'misconfigured'],
    [429, '', 'rate_limited'],
    [503, '<html>', 'unavailable'],
  ] as const)('%s %s is %s', ([status, text, kind]) => {
    expect(api.classify({ status, text })).toEqual({ kind })
  })

  test('of the token endpoint ends a connection only by naming the grant', () => {
    expect(oauth.classifyTokenError({ status: 400, body: { error: 'invalid_grant' } })).toBe('invalid_grant')
    expect(oauth.classifyTokenError({ status: 400, body: { error: 'invalid_request' } })).toBe('misconfigured')
    expect(oauth.classifyTokenError({ status: 401, body: { error: 'invalid_client' } })).toBe('misconfigured')
    expect(oauth.classifyTokenError({ status: 400, body: '<html>' })).toBe('unavailable')
    expect(oauth.classifyTokenError({ status: 429, body: '' })).toBe('rate_limited')
  })
})

test('scopes are understood in each of their spellings', () => {
  const granted = oauth.grantedScopes({ fromCallback: null, fromToken: 'extapi:daily personal spo2Daily' })
  expect(granted).toEqual(['extapi:daily', 'extapi:personal', 'extapi:spo2'])
  expect(oauth.grantedScopes({ fromCallback: 'daily', fromToken: null })).toEqual(['extapi:daily'])
})

test('settings are refused by name', () => {
  const bad = {
    ...ENVIRONMENT,
    OURA_API_URL: 'https://ouraring.com.evil.example',
    OURA_CLIENT_SECRET: undefined,
    OURA_HISTORY_WINDOW_DAYS: '31',
  }
  const first = platform.env.safeParse(bad).error!.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  expect(first).toEqual([
    'OURA_API_URL: needs a host of ouraring.com (or localhost or 127.0.0.1)',
    'OURA_HISTORY_WINDOW_DAYS: needs a whole number from 1 to 30',
  ])
  const { OURA_CLIENT_SECRET: _, ...without } = ENVIRONMENT
  expect(platform.env.safeParse(without).error!.issues[0]).toMatchObject({ path: ['OURA_CLIENT_SECRET'] })
})
