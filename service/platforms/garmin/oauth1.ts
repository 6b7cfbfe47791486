import { createHmac } from 'node:crypto'
import type { Secret } from '../../runtime/secret.ts'

export interface SignedRequest {
  readonly method: 'POST'
  readonly url: string
  readonly consumerKey: string
  readonly consumerSecret: Secret
  readonly token: Secret
  readonly tokenSecret: Secret
  readonly nonce: string
  readonly timestampS: number
}

/** The `Authorization` header of an OAuth 1.0a request without a body, signed with HMAC-SHA1 (RFC 5849, 3.4 and 3.5.1). */
export function signOAuth1(request: SignedRequest): string {
  const parameters: Record<string, string> = {
    oauth_consumer_key: request.consumerKey,
    oauth_nonce: request.nonce,
    oauth_signature_method: 'HMAC-SHA1',
    oauth_timestamp: String(request.timestampS),
    oauth_token: request.token.reveal(),
    oauth_version: '1.0',
  }
  const url = new URL(request.url)
  const all = [...Object.entries(parameters), ...url.searchParams.entries()]
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .toSorted(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
  const base = [request.method, `${url.origin}${url.pathname}`, all].map(encode).join('&')
  const key = `${encode(request.consumerSecret.reveal())}&${encode(request.tokenSecret.reveal())}`
  const signature = createHmac('sha1', key).update(base).digest('base64')
  const fields = Object.entries({ ...parameters, oauth_signature: signature })
  return `OAuth ${fields.map(([name, value]) => `${encode(name)}="${encode(value)}"`).join(', ')}`
}

/** RFC 5849, 3.6: encodeURIComponent leaves five characters alone that it must not. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
