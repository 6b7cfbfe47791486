import { AppError } from './errors.ts'
import { type PackedBody, packBody } from './packed-body.ts'
import { currentTrace, inSpan } from './trace.ts'
import { traceparentOf } from './trace-context.ts'

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  /** Form-encoded. */
  readonly form?: Readonly<Record<string, string>>
  /** Sent as JSON; instead of `form`. */
  readonly json?: Readonly<Record<string, unknown>>
  /** The body of a successful answer may be large: it is `packed` then, and `text` is empty. */
  readonly pack?: boolean
  /** Tells the other side which chain of work it is for; to be set for our own services alone. */
  readonly tellsTrace?: boolean
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly packed?: PackedBody
}

export interface HttpLimits {
  /** For everything together. A connection has ten seconds of it, which is the platform's (undici's) own limit. */
  readonly timeoutMs: number
  /** Until the answer begins; default: `timeoutMs`. */
  readonly headersTimeoutMs?: number
  /** Between two parts of the body; default: `timeoutMs`. */
  readonly bodyTimeoutMs?: number
  readonly maxBytes: number
}

/**
 * One request, one answer, whatever its status; no redirects are followed. Throws platform/unavailable when there is no complete
 * answer in time, or when it is larger than `maxBytes`.
 */
export async function sendRequest(request: HttpRequest, limits: HttpLimits): Promise<HttpAnswer> {
  // The host alone: a path may hold an id, a query a code.
  const facts = { 'http.request.method': request.method, 'server.address': new URL(request.url).hostname }
  return inSpan({ name: request.method, facts }, async (tell) => {
    const answer = await send(request, limits)
    tell({ 'http.response.status_code': answer.status })
    return answer
  })
}

async function send(request: HttpRequest, limits: HttpLimits): Promise<HttpAnswer> {
  const { method, url, headers, form, json, pack = false } = request
  const patience = startPatience(limits)
  try {
    const response = await fetch(url, {
      method,
      redirect: 'manual',
      signal: patience.signal,
      headers: {
        accept: 'application/json',
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
        ...traceHeaders(request),
      },
      ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    })
    patience.waitForBody()
    const chunks = readBounded(response, limits.maxBytes, patience.waitForBody)
    const { status, headers: answered } = response
    if (pack && response.ok) return { status, headers: answered, text: '', packed: await packBody(chunks) }
    return { status, headers: answered, text: (await collect(chunks)).toString('utf8') }
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    const why = patience.lost() ?? reasonOf(cause)
    throw new AppError('platform/unavailable', { host: new URL(url).host, why }, { cause })
  } finally {
    patience.end()
  }
}

function traceHeaders({ tellsTrace = false }: HttpRequest): Record<string, string> {
  const trace = tellsTrace ? currentTrace() : undefined
  return trace === undefined ? {} : { traceparent: traceparentOf(trace.context) }
}

/** A clock for each stage of a request, and one for all of it: a platform that sends a byte now and then holds nobody for long. */
function startPatience({ timeoutMs, headersTimeoutMs = timeoutMs, bodyTimeoutMs = timeoutMs }: HttpLimits) {
  const controller = new AbortController()
  let why: string | undefined
  const lose = (reason: string) => {
    why ??= reason
    controller.abort()
  }
  const total = setTimeout(lose, timeoutMs, 'TimeoutError')
  let stage = setTimeout(lose, headersTimeoutMs, 'headers_timeout')
  return {
    signal: controller.signal,
    lost: () => why,
    waitForBody: () => {
      clearTimeout(stage)
      stage = setTimeout(lose, bodyTimeoutMs, 'body_timeout')
    },
    end: () => {
      clearTimeout(total)
      clearTimeout(stage)
    },
  }
}

async function* readBounded(response: Response, maxBytes: number, onChunk: () => void): AsyncGenerator<Buffer> {
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    onChunk()
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw new AppError('platform/unavailable', { why: 'answer_too_large', max_bytes: maxBytes })
    yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  }
}

async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const chunk of chunks) pieces.push(chunk)
  return Buffer.concat(pieces)
}

/** A word such as ECONNREFUSED or TimeoutError; the message may name an address with a secret in it. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'unknown'
  const inner: unknown = cause.cause
  if (typeof inner === 'object' && inner !== null && 'code' in inner && typeof inner.code === 'string')
    return inner.code
  return cause.name
}
