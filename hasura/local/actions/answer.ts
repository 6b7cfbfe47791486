import { HasuraError } from '../errors.ts'
import type { WebhookAnswer } from '../webhooks/call.ts'

/** What the handler said, if it is a success; else the error the client sees. Throws HasuraError. */
export function readActionAnswer(answer: WebhookAnswer): unknown {
  const json = parseJson(answer.body)
  const internal = { error: 'unexpected response', response: { status: answer.status, body: json ?? answer.body } }
  if (answer.status >= 200 && answer.status < 300) {
    if (json === undefined) throw notJson(internal)
    return json
  }
  if (answer.status >= 400 && answer.status < 500) throw refusal(json, { httpStatus: answer.status, internal })
  throw new HasuraError({ code: 'unexpected', message: 'internal error', httpStatus: 500, internal })
}

function refusal(json: unknown, facts: { httpStatus: number; internal: unknown }): HasuraError {
  if (json === undefined) return notJson(facts.internal)
  const body: Record<string, unknown> = typeof json === 'object' && json !== null ? { ...json } : {}
  if (typeof body.message !== 'string') {
    const message = 'parsing the error response of the action failed, key "message" not found'
    return new HasuraError({ code: 'parse-failed', message, ...facts })
  }
  const code = typeof body.code === 'string' ? body.code : 'unexpected'
  const extensions = body.extensions === null || body.extensions === undefined ? {} : { extensions: body.extensions }
  return new HasuraError({ code, message: body.message, ...facts, ...extensions })
}

function notJson(internal: unknown): HasuraError {
  const message = 'not a valid json response from webhook'
  return new HasuraError({ code: 'unexpected', message, httpStatus: 500, internal })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
