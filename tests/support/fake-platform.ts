import { createHash, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConfiguredPlatform } from '../../service/platforms/contract.ts'
import { describePlatform } from './acme-platform.ts'

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

/** An OAuth server of the test's own: strict about codes, PKCE and credentials, and it ends a refresh token with its first use. */
export class FakePlatform {
  readonly platform: ConfiguredPlatform
  readonly url: string
  readonly tokenRequests: URLSearchParams[] = []
  /** Every path with its query, as it was asked for. */
  readonly paths: string[] = []
  /** Tokens it was asked to revoke. */
  readonly revoked: string[] = []
  readonly faults: Fault[] = []
  /** How long every token request takes. */
  delayMs = 0
  revocationStatus = 200
  /** True: it does not know the application, whatever its credentials. */
  refusesClient = false
  /** True: it takes any verifier, as a server does that has never heard of PKCE. */
  ignoresPkce = false
  /** False: a refresh token stays good, and the answer names none. */
  rotates = true
  readonly #server: Server
  readonly #codes = new Map<string, IssuedCode>()
  readonly #refreshTokens = new Map<string, string>()
  readonly #accessTokens = new Set<string>()

  private constructor(server: Server) {
    this.#server = server
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    this.platform = describePlatform('acme', this.url)
  }

  static async start(): Promise<FakePlatform> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const fake = new FakePlatform(server)
    server.on('request', (request, response) => {
      void fake.#respond(request).then((answer) => {
        if (answer === 'hang up') return request.socket.destroy()
        return response.writeHead(answer.status, { 'content-type': answer.contentType }).end(answer.body)
      })
    })
    return fake
  }

  /** The consent page, approved: what comes back with the browser. */
  approve(authorizationUrl: string, { account }: { account: string }): { state: string; code: string } {
    const asked = new URL(authorizationUrl).searchParams
    const [challenge = '', redirectUri = '', state = ''] = ['code_challenge', 'redirect_uri', 'state'].map(
      (name) => asked.get(name) ?? '',
    )
    const code = `code-${randomUUID()}`
    this.#codes.set(code, { account, challenge, redirectUri })
    return { state, code }
  }

  accepts(accessToken: string): boolean {
    return this.#accessTokens.has(accessToken)
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #respond(request: IncomingMessage): Promise<Answer | 'hang up'> {
    const form = new URLSearchParams(await text(request))
    this.paths.push(request.url ?? '')
    if (request.url === '/revoke') return this.#revoke(request, form)
    this.tokenRequests.push(form)
    const { status, body = '', contentType = 'application/json', ...fault } = this.faults.shift() ?? {}
    const early = fault.rotateAtOnce === true ? this.#answerTo(form) : undefined
    await sleep(fault.delayMs ?? this.delayMs)
    if (fault.hangUp === true) return 'hang up'
    if (status !== undefined) return { status, body, contentType }
    const answer = early ?? this.#answerTo(form)
    return fault.merge === undefined ? answer : json(answer.status, { ...JSON.parse(answer.body), ...fault.merge })
  }

  /** With a token in the form, as RFC 7009 has it, or with the access token itself, which must be good then. */
  #revoke({ headers }: IncomingMessage, form: URLSearchParams): Answer {
    const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1]
    this.revoked.push(bearer ?? form.get('token') ?? '')
    return bearer !== undefined && !this.#accessTokens.has(bearer)
      ? failure('invalid_token', 401)
      : json(this.revocationStatus, {})
  }

  /** A pair for a connection that a test writes itself. */
  grantTo(account: string): { accessToken: string; refreshToken: string } {
    const { access_token: accessToken, refresh_token: refreshToken } = JSON.parse(this.#issue(account).body) as {
      access_token: string
      refresh_token: string
    }
    return { accessToken, refreshToken }
  }

  /** Access tokens end, as they do with time; refresh tokens stay. */
  expireAccessTokens(): void {
    this.#accessTokens.clear()
  }

  /** Ends the grant, as its owner can at the platform. */
  endGrants(): void {
    this.#accessTokens.clear()
    this.#refreshTokens.clear()
  }

  #answerTo(form: URLSearchParams): Answer {
    if (this.refusesClient || form.get('client_id') !== 'client-1' || form.get('client_secret') !== 'client-secret-1')
      return failure('invalid_client', 401)
    if (form.get('grant_type') === 'refresh_token') {
      const usedToken = form.get('refresh_token') ?? ''
      const account = this.#refreshTokens.get(usedToken)
      return account === undefined ? failure('invalid_grant') : this.#issue(account, usedToken)
    }
    const code = this.#codes.get(form.get('code') ?? '')
    this.#codes.delete(form.get('code') ?? '')
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    const proven = this.ignoresPkce || code?.challenge === challenge
    const good = code !== undefined && proven && code.redirectUri === form.get('redirect_uri')
    return good ? this.#issue(code.account) : failure('invalid_grant')
  }

  #issue(account: string, usedToken?: string): Answer {
    const accessToken = `access-${randomUUID()}`
    this.#accessTokens.add(accessToken)
    const tokens = { token_type: 'Bearer', expires_in: 21600, access_token: accessToken }
    if (usedToken !== undefined && !this.rotates) return json(200, tokens)
    const refreshToken = `refresh-${randomUUID()}`
    this.#refreshTokens.set(refreshToken, account)
    if (usedToken !== undefined) this.#refreshTokens.delete(usedToken)
    // The account's number may be beyond 2^53, so it is written as text and not by JSON.stringify.
    const owner = usedToken === undefined ? `,"account":{"id":${account}}` : ''
    return {
      ...json(200, {}),
      body: JSON.stringify({ ...tokens, refresh_token: refreshToken }).replace(/}$/, `${owner}}`),
    }
  }
}
