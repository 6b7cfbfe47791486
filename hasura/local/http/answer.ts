import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { HasuraError } from '../errors.ts'

export interface Answer {
  readonly status: number
  readonly body: string
  readonly contentType?: string
  readonly cookies?: readonly string[]
}

/** Below this compression costs more than it saves. */
const SMALLEST_COMPRESSED_BYTES = 1024

export const NOT_FOUND: Answer = jsonAnswer(404, { error: 'resource does not exist', path: '$', code: 'not-found' })

export function jsonAnswer(status: number, body: unknown): Answer {
  return { status, body: JSON.stringify(body) }
}

export function textAnswer(status: number, body: string): Answer {
  return { status, body, contentType: 'text/plain; charset=utf-8' }
}

/** The error shape of every endpoint but GraphQL, with the status that belongs to the error. */
export function errorAnswer(error: HasuraError, showInternal: boolean): Answer {
  const internal = showInternal && error.internal !== undefined ? { internal: error.internal } : {}
  return jsonAnswer(error.httpStatus, { error: error.message, path: error.path, code: error.code, ...internal })
}

/** Headers that were set on the response before stay. */
export async function sendAnswer(request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
  const body = Buffer.from(answer.body)
  response.statusCode = answer.status
  response.setHeader('content-type', answer.contentType ?? 'application/json; charset=utf-8')
  if (answer.cookies !== undefined && answer.cookies.length > 0) response.setHeader('set-cookie', answer.cookies)
  const isCompressed =
    body.length >= SMALLEST_COMPRESSED_BYTES && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
  if (isCompressed) response.setHeader('content-encoding', 'gzip')
  const sent = isCompressed ? await promisify(gzip)(body) : body
  response.setHeader('content-length', sent.length)
  response.end(sent)
}
