import { describe, expect, test } from 'vitest'
import { createServer } from '../../service/api/server.ts'
import { createMetrics } from '../../service/monitoring/metrics.ts'
import { createLog } from '../../service/runtime/log.ts'

async function ask(
  headers: Record<string, string>,
  {
    remoteAddress = '203.0.113.9',
    method = 'POST' as const,
    payload = '',
    ...options
  }: {
    payload?: string
    remoteAddress?: string
    method?: 'POST' | 'OPTIONS'
    trustedProxies?: string[]
    secure?: boolean
    isEnding?: () => boolean
  } = {},
) {
  const metrics = createMetrics()
  const app = createServer({
    listener: 'public',
    log: createLog({ level: 'silent', process: 'test' }),
    metrics,
    ...options,
  })
  app.post('/seen', async (request) => ({
    headers: request.headers,
    source: request.sourceAddress,
    host: request.host,
  }))
  const response = await app.inject({
    method,
    url: '/seen',
    remoteAddress,
    headers,
    ...(payload === '' ? {} : { payload }),
  })
  await app.close()
  return response
}

const FORGED = {
  'x-forwarded-for': '198.51.100.7',
  'x-forwarded-host': 'evil.example',
  'x-forwarded-proto': 'https',
  forwarded: 'for=198.51.100.7',
  'x-real-ip': '198.51.100.7',
  'x-hasura-user-id': 'somebody',
  'x-hasura-admin-secret': 'guess',
  'x-client-cert': 'forged',
  'x-forwarded-client-cert': 'forged',
  'x-ssl-client-verify': 'SUCCESS',
  'x-original-url': '/actions/syncNow',
}

describe('a JSON body', () => {
  const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`
  const post = (payload: string) => ask({ 'content-type': 'application/json' }, { payload })

  test.for([
    [64, 200],
    [65, 400],
    [500_000, 400],
  ] as const)('of %i levels is answered with %i', async ([levels, status]) => {
    expect((await post(nested(levels))).statusCode).toBe(status)
  })

  test('that is too deep is told why, and nothing of it comes back', async () => {
    const response = await post(`${'{"a":'.repeat(80)}"canary"${'}'.repeat(80)}`)
    expect(response.json()).toEqual({
      message: 'The request could not be read: JSON nested deeper than 64 levels',
      extensions: { path: '$', code: 'request/malformed' },
    })
  })

  test('may hold as many brackets as it likes within its text', async () => {
    expect((await post(JSON.stringify([`"\\${'['.repeat(100)}`]))).statusCode).toBe(200)
  })

  test('cannot reach the prototype of objects, and is read as JSON alone', async () => {
    expect((await post('{"__proto__":{"x":1}}')).statusCode).toBe(400)
    expect((await post('{"a":')).statusCode).toBe(400)
  })
})

describe('the edge', () => {
  test('drops what only a proxy of ours may say, and believes nobody about where a request comes from', async () => {
    const seen = (await ask({ ...FORGED, 'x-app': 'kept' })).json<{
      headers: Record<string, string>
      source: string
      host: string
    }>()
    expect(Object.keys(seen.headers).filter((name) => name in FORGED)).toEqual([])
    expect(seen.headers['x-app']).toBe('kept')
    expect([seen.source, seen.host]).toEqual(['203.0.113.9', 'localhost:80'])
  })

  test('sees through a configured proxy to whom that saw, and not further', async () => {
    const options = { trustedProxies: ['10.0.0.0/8'] }
    const forwarded = { 'x-forwarded-for': '192.0.2.1, 198.51.100.7' }
    const through = await ask(forwarded, { ...options, remoteAddress: '10.1.2.3' })
    expect(through.json()).toMatchObject({ source: '198.51.100.7' })
    expect((await ask(forwarded, options)).json()).toMatchObject({ source: '203.0.113.9' })
  })

  test.for([
    ['none', undefined],
    ['an empty one', ''],
    ['one that is too long', 'a'.repeat(65)],
    ['one with a line break of a log', 'a\\nb'],
    ['one with a quote', 'a"b'],
    ['one that is no ASCII', 'é'],
    ['one that looks like an option', '-rf'],
  ] as const)('gives a request with %s an id of its own', async ([, brought]) => {
    const headers: Record<string, string> = brought === undefined ? {} : { 'x-request-id': brought }
    const ids = [await ask(headers), await ask(headers)].map((answer) => answer.headers['x-request-id'])
    expect(new Set(ids).size).toBe(2)
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/)
  })

  test('answers with the id that a request brought, and no more than that of it', async () => {
    const id = `A.z_0-${'9'.repeat(58)}`
    expect((await ask({ 'x-request-id': id })).headers['x-request-id']).toBe(id)
  })

  test('closes each connection with its answer, once the process was told to end', async () => {
    expect((await ask({}, { isEnding: () => true })).headers['connection']).toBe('close')
    expect((await ask({})).headers['connection']).not.toBe('close')
  })

  test('answers with headers that a browser heeds', async () => {
    const { headers } = await ask({}, { secure: true })
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'cache-control': 'no-store',
      'strict-transport-security': 'max-age=63072000; includeSubDomains',
    })
    expect((await ask({})).headers['strict-transport-security']).toBeUndefined()
  })

  test('lets no page of another origin read an answer', async () => {
    const origin = { origin: 'https://evil.example', 'access-control-request-method': 'POST' }
    for (const method of ['POST', 'OPTIONS'] as const)
      expect(
        Object.keys((await ask(origin, { method })).headers).filter((name) => name.startsWith('access-control')),
      ).toEqual([])
  })
})
