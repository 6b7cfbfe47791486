import { execFileSync } from 'node:child_process'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { test as base, describe, expect } from 'vitest'
import { exchangeCode, refreshGrant } from '../../service/connections/token-endpoint.ts'
import type { PlatformOAuth } from '../../service/platforms/contract.ts'
import { AppError } from '../../service/runtime/errors.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { describePlatform } from '../support/acme-platform.ts'

interface Endpoint {
  readonly oauth: PlatformOAuth
  readonly requests: { readonly path: string; readonly headers: IncomingMessage['headers']; readonly body: string }[]
}

const test = base.extend<{
  serve: (answer: RequestListener, key?: { key: string; cert: string }) => Promise<Endpoint>
}>({
  // oxlint-disable-next-line no-empty-pattern -- the runner reads which fixtures this one needs from the pattern
  serve: async ({}, use) => {
    const servers: Server[] = []
    await use(async (answer, tls) => {
      const requests: Endpoint['requests'] = []
      const listener: RequestListener = (request, response) =>
        void text(request).then((body) => {
          requests.push({ path: request.url ?? '', headers: request.headers, body })
          answer(request, response)
        })
      const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
      servers.push(server)
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`
      return { oauth: describePlatform('acme', url).oauth!, requests }
    })
    for (const server of servers) {
      server.closeAllConnections()
      server.close()
    }
  },
})

const json =
  (body: string, { status = 200, type = 'application/json' } = {}): RequestListener =>
  (_request, response) =>
    response.writeHead(status, { 'content-type': type }).end(body)
const pair = (other: object = {}) =>
  JSON.stringify({
    token_type: 'Bearer',
    access_token: 'new-access',
    refresh_token: 'new-refresh',
    expires_in: 3600,
    ...other,
  })
const refresh = (oauth: PlatformOAuth, timeoutMs = 5_000) =>
  refreshGrant(oauth, { refreshToken: new Secret('old-refresh'), timeoutMs })

describe('an answer of the token endpoint', () => {
  test.for([
    ['is JSON by another name', pair(), { type: 'text/html' }],
    ['has no type at all', pair(), { type: '' }],
    ['is no JSON', '<html>', {}],
    ['is a list', `[${pair()}]`, {}],
    ['has no access token', pair({ access_token: undefined }), {}],
    ['has an empty access token', pair({ access_token: '' }), {}],
    ['has an access token that is a number', pair({ access_token: 7 }), {}],
    ['has a refresh token that is an object', pair({ refresh_token: {} }), {}],
    ['says no token type', pair({ token_type: undefined }), {}],
    ['says another token type', pair({ token_type: 'mac' }), {}],
    ['is 201', pair(), { status: 201 }],
  ] as const)('that %s is not believed, and may pass', async ([, body, how], { serve }) => {
    const { oauth } = await serve(json(body, how))
    expect(await refresh(oauth)).toBe('unavailable')
  })

  test.for([0, -1, 1e12, '-5', 'soon', null, [3600]])(
    'that says %s seconds keeps its tokens, and no lifetime',
    async (expires_in, { serve }) => {
      const { oauth } = await serve(json(pair({ expires_in })))
      const grant = await refresh(oauth)
      expect(grant).toMatchObject({ expiresInSeconds: null })
      expect(typeof grant === 'string' ? grant : grant.refreshToken?.reveal()).toBe('new-refresh')
    },
  )

  test('may be 64 KiB long, and no byte more', async ({ serve }) => {
    const padded = (bytes: number) => pair({ padding: 'x'.repeat(bytes - pair({ padding: '' }).length) })
    const [fits, tooLong] = [await serve(json(padded(65_536))), await serve(json(padded(65_537)))]
    expect(await refresh(fits.oauth)).toMatchObject({ expiresInSeconds: 3600 })
    await expect(refresh(tooLong.oauth)).rejects.toMatchObject({
      code: 'platform/unavailable',
      facts: { why: 'answer_too_large' },
    })
  })

  test('without end is given up', async ({ serve }) => {
    const { oauth } = await serve((_request, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).write('{'),
    )
    await expect(refresh(oauth, 300)).rejects.toThrow(new AppError('platform/unavailable').message)
  })

  test.for([301, 302, 303, 307, 308])('that sends us elsewhere with %s is not followed', async (status, { serve }) => {
    const elsewhere = await serve(json(pair()))
    const { oauth } = await serve((_request, response) =>
      response.writeHead(status, { location: elsewhere.oauth.tokenUrl }).end(),
    )
    expect(await refresh(oauth)).toBe('unavailable')
    expect(elsewhere.requests).toEqual([])
  })
})

describe('a request to the token endpoint', () => {
  test('holds the client secret and the code in its body alone', async ({ serve }) => {
    const { oauth, requests } = await serve(json(pair()))
    const redirectUri = 'https://service.example.com/oauth/acme/callback'
    await exchangeCode(oauth, { code: new Secret('the-code'), verifier: new Secret('v'.repeat(43)), redirectUri })
    const [request] = requests
    expect(request?.path).toBe('/token')
    expect(JSON.stringify(request?.headers)).not.toMatch(/client-secret-1|the-code|vvvv/)
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
      grant_type: 'authorization_code',
      client_id: 'client-1',
      client_secret: 'client-secret-1',
      code: 'the-code',
      code_verifier: 'v'.repeat(43),
      redirect_uri: redirectUri,
    })
  })

  test('is not made of a host that is not on the list', async ({ serve }) => {
    const { oauth, requests } = await serve(json(pair()))
    const moved = { ...oauth, hosts: ['www.example.com'] }
    await expect(refresh(moved)).rejects.toMatchObject({
      code: 'platform/misconfigured',
      facts: { why: 'host_not_allowed' },
    })
    expect(requests).toEqual([])
  })

  test('is not made over TLS with a certificate that nobody we trust has signed', async ({ serve }) => {
    const { oauth, requests } = await serve(json(pair()), selfSigned())
    await expect(refresh(oauth)).rejects.toMatchObject({
      code: 'platform/unavailable',
      facts: { why: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    })
    expect(requests).toEqual([])
  })

  test('is not made without TLS to another machine', async () => {
    const oauth = describePlatform('acme', 'http://token.example.com').oauth!
    await expect(refresh(oauth)).rejects.toThrow('platform/misconfigured')
  })
})

function selfSigned(): { key: string; cert: string } {
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1']
  const out = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', '-', '-out', '-']
  const printed = execFileSync('openssl', [...args, ...out], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  const [key = '', cert = ''] = printed.split(/(?=-----BEGIN CERTIFICATE-----)/)
  return { key, cert }
}
