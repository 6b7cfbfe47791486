import * as client from 'openid-client'
import { z } from 'zod'
import type { PlatformOAuth, RefreshFailure } from '../platforms/contract.ts'
import { AppError } from '../runtime/errors.ts'
import { type HttpAnswer, sendRequest } from '../runtime/http-client.ts'
import { parseJson } from '../runtime/json.ts'
import { Secret } from '../runtime/secret.ts'
import type { TokenPair } from '../vault/tokens.ts'
import { sendCounted } from './counted-request.ts'
import { checkHost } from './platform-oauth.ts'

/** What the token endpoint granted. */
export interface Grant extends TokenPair {
  /** Its `scope`, null when it names none. */
  readonly scope: string | null
  /** All it said; integers beyond 2^53 are bigint. */
  readonly answer: Readonly<Record<string, unknown>>
}

const MAX_ANSWER_BYTES = 64 * 1024
const MAX_LIFETIME_SECONDS = 366 * 24 * 60 * 60
const AnswerBody = z.record(z.string(), z.unknown())

/** The platform as openid-client sees it: metadata is ours, nothing is discovered. */
export function clientOf(oauth: PlatformOAuth): client.Configuration {
  const server: client.ServerMetadata = {
    issuer: oauth.issuer?.value ?? new URL(oauth.tokenUrl).origin,
    authorization_endpoint: oauth.authorizationUrl,
    token_endpoint: oauth.tokenUrl,
  }
  const configuration = new client.Configuration(
    server,
    oauth.clientId,
    {},
    client.ClientSecretPost(oauth.clientSecret.reveal()),
  )
  if (isLocal(oauth.tokenUrl)) client.allowInsecureRequests(configuration)
  return configuration
}

export interface CodeExchange {
  readonly code: Secret
  readonly verifier: Secret
  readonly redirectUri: string
}

/** Throws connection/code_refused, platform/misconfigured, platform/rate_limited or platform/unavailable. */
export async function exchangeCode(
  oauth: PlatformOAuth,
  { code, verifier, redirectUri }: CodeExchange,
): Promise<Grant> {
  const address = new URL(redirectUri)
  address.searchParams.set('code', code.reveal())
  const outcome = await request(oauth, {
    timeoutMs: 10_000,
    // The state was checked when the attempt was found by it; only the code travels on.
    send: (configuration) =>
      client.authorizationCodeGrant(configuration, address, { pkceCodeVerifier: verifier.reveal() }),
  })
  if (!('refusal' in outcome)) return outcome
  const { refusal, status } = outcome
  // A code cannot be tried again, so a plain 400 sends the person back to the start, whatever words the platform has for it.
  const codeRefused = refusal === 'invalid_grant' || (refusal === 'unavailable' && status === 400)
  throw codeRefused ? new AppError('connection/code_refused') : new AppError(`platform/${refusal}`, { status })
}

/** Throws platform/unavailable when there is no answer; what the platform answered is returned, for the caller to act on. */
export async function refreshGrant(
  oauth: PlatformOAuth,
  { refreshToken, timeoutMs }: { refreshToken: Secret; timeoutMs: number },
): Promise<Grant | RefreshFailure> {
  const outcome = await request(oauth, {
    timeoutMs,
    send: (configuration) => client.refreshTokenGrant(configuration, refreshToken.reveal()),
  })
  return 'refusal' in outcome ? outcome.refusal : outcome
}

interface Refused {
  readonly refusal: RefreshFailure
  readonly status: number
}

interface TokenRequest {
  readonly timeoutMs: number
  readonly send: (configuration: client.Configuration) => Promise<client.TokenEndpointResponse>
}

async function request(oauth: PlatformOAuth, { timeoutMs, send }: TokenRequest): Promise<Grant | Refused> {
  const configuration = clientOf(oauth)
  // openid-client rounds large numbers and knows only the standard error bodies: the answer is kept as it came.
  let answer: HttpAnswer | undefined
  let failure: unknown
  configuration[client.customFetch] = async (url, { headers, body }) => {
    try {
      checkHost(oauth, url)
      const form = body instanceof URLSearchParams ? Object.fromEntries(body) : {}
      answer = await sendCounted(oauth, 'token', () =>
        sendRequest({ method: 'POST', url, headers, form }, { timeoutMs, maxBytes: MAX_ANSWER_BYTES }),
      )
      return asResponse(answer)
    } catch (error) {
      failure = error
      throw error
    }
  }
  try {
    const tokens = await send(configuration)
    // RFC 6749, 5.1. A page that happens to be JSON was not written by a token endpoint.
    return isJson(answer) ? readGrant(tokens, answer) : { status: 200, refusal: 'unavailable' }
  } catch (cause) {
    if (failure instanceof AppError) throw failure
    if (answer === undefined) throw new AppError('platform/misconfigured', { why: 'request_not_sent' }, { cause })
    const { status, text } = answer
    // A 200 that openid-client rejects (no token, another token type, not JSON) is a fault of theirs that may pass.
    return {
      status,
      refusal: status === 200 ? 'unavailable' : oauth.classifyTokenError({ status, body: readBody(text) }),
    }
  }
}

function isJson(answer: HttpAnswer | undefined): boolean {
  return /^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(answer?.headers.get('content-type') ?? '')
}

function readGrant(tokens: client.TokenEndpointResponse, answer: HttpAnswer | undefined): Grant {
  const body = AnswerBody.parse(readBody(answer?.text ?? ''))
  return {
    accessToken: new Secret(tokens.access_token),
    refreshToken: tokens.refresh_token === undefined ? null : new Secret(tokens.refresh_token),
    expiresInSeconds: readLifetimeSeconds(body['expires_in']) ?? null,
    scope: tokens.scope ?? null,
    answer: body,
  }
}

/** A nonsensical lifetime is left out before it is judged: rejecting the answer would lose the refresh token that came with it. */
function asResponse({ status, headers, text }: HttpAnswer): Response {
  const body = AnswerBody.safeParse(status === 200 ? readBody(text) : undefined)
  const odd = body.success && 'expires_in' in body.data && readLifetimeSeconds(body.data['expires_in']) === undefined
  const readable = odd ? JSON.stringify({ ...body.data, expires_in: undefined }, withoutBigint) : text
  return new Response(readable === '' ? null : readable, { status, headers })
}

function withoutBigint(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}

/** Undefined unless it is a whole number of seconds up to a year. */
export function readLifetimeSeconds(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value
  if (typeof seconds !== 'number' || !Number.isFinite(seconds)) return undefined
  return seconds >= 1 && seconds <= MAX_LIFETIME_SECONDS ? Math.floor(seconds) : undefined
}

/** JSON where it is JSON, else the text. */
function readBody(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return text
  }
}

function isLocal(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  return protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
}
