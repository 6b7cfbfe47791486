import { parseLossless } from '../lossless-json.ts'
import type { HeaderConfiguration } from '../metadata/types.ts'
import type { WebhookAnswer } from '../webhooks/call.ts'

/** One call of a handler, as `internal` of an error tells it. */
export interface Exchange {
  readonly request: unknown
  readonly response: unknown
}

/**
 * The address and the headers are shown as the metadata has them: what came from the environment may be a secret, and
 * stays a name.
 */
export function describeExchange(call: {
  readonly handler: string
  readonly headers: readonly HeaderConfiguration[]
  readonly body: unknown
  readonly answer?: WebhookAnswer
}): Exchange {
  const { handler: url, headers, body, answer } = call
  return {
    request: { url, headers, body, transformed_request: null },
    response: answer === undefined ? null : describeAnswer(answer),
  }
}

function describeAnswer({ status, headers, body }: WebhookAnswer): unknown {
  const listed = [...headers].map(([name, value]) => ({ name, value }))
  const json = parseJson(body)
  return { status, headers: listed, body: json === undefined ? body : json }
}

/** Undefined when it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return parseLossless(text)
  } catch {
    return undefined
  }
}
