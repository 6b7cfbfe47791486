import { HasuraError } from '../errors.ts'
import type { WebhookAnswer } from '../webhooks/call.ts'
import { type Exchange, parseJson } from './exchange.ts'

/** What the handler said, if it is a success; else the error the client sees. Throws HasuraError. */
export function readActionAnswer(answer: WebhookAnswer, exchange: Exchange): unknown {
  const json = parseJson(answer.body)
  if (answer.status >= 200 && answer.status < 300) {
    if (json === undefined) throw notJson(exchange)
    return json
  }
  if (answer.status >= 400 && answer.status < 500) throw refusal(json, { httpStatus: answer.status, exchange })
  const message = 'internal error'
  throw new HasuraError({ code: 'unexpected', message, httpStatus: 500, internal: { error: message, ...exchange } })
}

/** A refusal that says what it should is the handler's own word and has no `internal`. */
function refusal(json: unknown, facts: { httpStatus: number; exchange: Exchange }): HasuraError {
  if (json === undefined) return notJson(facts.exchange)
  const { httpStatus } = facts
  const body: Record<string, unknown> = typeof json === 'object' && json !== null ? { ...json } : {}
  if (typeof body.message !== 'string') {
    const message = 'parsing the error response of the action failed, key "message" not found'
    return new HasuraError({ code: 'parse-failed', message, httpStatus, internal: unexpectedResponse(facts.exchange) })
  }
  const code = typeof body.code === 'string' ? body.code : 'unexpected'
  const extensions = body.extensions === null || body.extensions === undefined ? {} : { extensions: body.extensions }
  return new HasuraError({ code, message: body.message, httpStatus, ...extensions })
}

function notJson(exchange: Exchange): HasuraError {
  const message = 'not a valid json response from webhook'
  return new HasuraError({ code: 'unexpected', message, httpStatus: 500, internal: unexpectedResponse(exchange) })
}

function unexpectedResponse(exchange: Exchange): Record<string, unknown> {
  return { error: 'unexpected response', ...exchange }
}
