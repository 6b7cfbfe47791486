import { createHash, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConfiguredPlatform, RefreshFailure } from '../../service/platforms/contract.ts'
import { Secret } from '../../service/runtime/secret.ts'

/** What the token endpoint does instead of its duty, once. */
export interface Fault {
  readonly status?: number
  readonly body?: string
  readonly contentType?: string
  /** Fields over those of the true answer. */
  readonly merge?: Readonly<Record<string, unknown>>
  readonly delayMs?: number
  /** The new pair is made, and the old refresh token ends, before the delay and not after it. */
  readonly rotateAtOnce?: boolean
  readonly hangUp?: boolean
}

/** An OAuth server of the test's own: strict about codes, PKCE and credentials, and it ends a refresh token with its first use. */
export interface FakePlatform {
  readonly platform: ConfiguredPlatform
  /** The consent page, approved: what comes back with the browser. */
  approve(authorizationUrl: string, answer: { account: string }): { state: string; code: string }
  readonly tokenRequests: URLSearchParams[]
  /** Tokens it was asked to revoke. */
  readonly revoked: string[]
  readonly faults: Fault[]
  /** How long every token request takes. */
  delayMs: number
  revocationStatus: number
  /** False: a refresh token stays good, and the answer names none. */
  rotates: boolean
  accepts(accessToken: string): boolean
  close(): Promise<void>
}

interface IssuedCode {
  readonly account: string
  readonly challenge: string
  readonly redirectUri: string
}

interface Answer {
  readonly status: number
  readonly body: string
  readonly contentType: string
}

const json = (status: number, body: unknown): Answer => ({
  status,
  body: JSON.stringify(body),
  contentType: 'application/json',
})
const failure = (error: string, status = 400) => json(status, { error })

export async function startFakePlatform(id = 'acme'): Promise<FakePlatform> {
  const codes = new Map<string, IssuedCode>()
  const refreshTokens = new Map<string, string>()
  const accessTokens = new Set<string>()

  const issue = (account: string, usedToken?: string): Answer => {
    const accessToken = `access-${randomUUID()}`
    accessTokens.add(accessToken)
    const tokens = { token_type: 'Bearer', expires_in: 21600, access_token: accessToken }
    if (usedToken !== undefined && !fake.rotates) return json(200, tokens)
    const refreshToken = `refresh-${randomUUID()}`
    refreshTokens.set(refreshToken, account)
    if (usedToken !== undefined) refreshTokens.delete(usedToken)
    // The account's number may be beyond 2^53, so it is written as text and not by JSON.stringify.
    const athlete = usedToken === undefined ? `,"account":{"id":${account}}` : ''
    return {
      ...json(200, tokens),
      body: JSON.stringify({ ...tokens, refresh_token: refreshToken }).replace(/}$/, `${athlete}}`),
    }
  }

  const answerTo = (form: URLSearchParams): Answer => {
    if (form.get('client_id') !== 'client-1' || form.get('client_secret') !== 'client-secret-1')
      return failure('invalid_client', 401)
    if (form.get('grant_type') === 'refresh_token') {
      const account = refreshTokens.get(form.get('refresh_token') ?? '')
      return account === undefined ? failure('invalid_grant') : issue(account, form.get('refresh_token') ?? '')
    }
    const code = codes.get(form.get('code') ?? '')
    codes.delete(form.get('code') ?? '')
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    const good = code !== undefined && code.challenge === challenge && code.redirectUri === form.get('redirect_uri')
    return good ? issue(code.account) : failure('invalid_grant')
  }

  const respond = async (request: IncomingMessage): Promise<Answer | 'hang up'> => {
    const form = new URLSearchParams(await text(request))
    if (request.url === '/revoke') {
      fake.revoked.push(form.get('token') ?? '')
      return json(fake.revocationStatus, {})
    }
    fake.tokenRequests.push(form)
    const fault = fake.faults.shift() ?? {}
    const early = fault.rotateAtOnce === true ? answerTo(form) : undefined
    await sleep(fault.delayMs ?? fake.delayMs)
    if (fault.hangUp === true) return 'hang up'
    if (fault.status !== undefined) {
      return { status: fault.status, body: fault.body ?? '', contentType: fault.contentType ?? 'application/json' }
    }
    const answer = early ?? answerTo(form)
    return fault.merge === undefined ? answer : json(answer.status, { ...JSON.parse(answer.body), ...fault.merge })
  }

  const server = createServer((request, response) => {
    void respond(request).then((answer) => {
      if (answer === 'hang up') return request.socket.destroy()
      return response.writeHead(answer.status, { 'content-type': answer.contentType }).end(answer.body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const fake: FakePlatform = {
    platform: describePlatform(id, url),
    approve(authorizationUrl, { account }) {
      const asked = new URL(authorizationUrl).searchParams
      const code = `code-${randomUUID()}`
      codes.set(code, {
        account,
        challenge: asked.get('code_challenge') ?? '',
        redirectUri: asked.get('redirect_uri') ?? '',
      })
      return { state: asked.get('state') ?? '', code }
    },
    tokenRequests: [],
    revoked: [],
    faults: [],
    delayMs: 0,
    revocationStatus: 200,
    rotates: true,
    accepts: (accessToken) => accessTokens.has(accessToken),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return fake
}

function describePlatform(id: string, url: string): ConfiguredPlatform {
  return {
    id,
    displayName: 'Acme',
    coverage: [],
    normalize: {},
    policy: {
      retentionDays: null,
      deleteAfterSourceDeletionHours: null,
      deleteAfterDeauthorizationDays: null,
      attribution: '',
      overrideReason: null,
    },
    oauth: {
      clientId: 'client-1',
      clientSecret: new Secret('client-secret-1'),
      authorizationUrl: `${url}/authorize`,
      tokenUrl: `${url}/token`,
      scopes: ['read', 'activity:read_all'],
      scopeSeparator: ',',
      requiredScopes: ['activity:read_all'],
      authorizationParameters: { approval_prompt: 'auto' },
      grantedScopes: ({ fromCallback, fromToken }) =>
        (fromCallback ?? fromToken ?? '').split(',').filter((scope) => scope !== ''),
      platformUserId: ({ account }) =>
        typeof account === 'object' && account !== null && 'id' in account ? String(account.id) : undefined,
      classifyTokenError,
      revocation: (token) => ({ method: 'POST', url: `${url}/revoke`, form: { token: token.reveal() } }),
    },
  }
}

function classifyTokenError({ status, body }: { status: number; body: unknown }): RefreshFailure {
  const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined
  if (status === 400 && error === 'invalid_grant') return 'invalid_grant'
  if (status === 401 || status === 403 || error === 'invalid_client') return 'misconfigured'
  return status === 429 ? 'rate_limited' : 'unavailable'
}
