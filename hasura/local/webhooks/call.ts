import { HASURA_VERSION } from '../version.ts'

export interface WebhookAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: string
}

/**
 * Posts JSON text and reads the whole answer within `timeoutMs`. Redirects are followed, any status is an answer;
 * throws when there is none (refused, reset, timed out, aborted).
 */
export async function postWebhook(call: {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}): Promise<WebhookAnswer> {
  const timeout = AbortSignal.timeout(call.timeoutMs)
  const response = await fetch(call.url, {
    method: 'POST',
    headers: {
      'user-agent': `hasura-graphql-engine/${HASURA_VERSION}`,
      ...call.headers,
      'content-type': 'application/json',
    },
    body: call.body,
    signal: call.signal === undefined ? timeout : AbortSignal.any([timeout, call.signal]),
  })
  return { status: response.status, headers: response.headers, body: await response.text() }
}

/** Why no answer came; fetch hides the reason behind "fetch failed". */
export function describeFailedCall(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return 'timeout'
  const { cause } = error
  if (cause instanceof Error) return 'code' in cause ? String(cause.code) : cause.message
  return error.message
}
