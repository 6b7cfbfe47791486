import { AppError } from './errors.ts'

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  /** Form-encoded. */
  readonly form?: Readonly<Record<string, string>>
  /** Sent as JSON; instead of `form`. */
  readonly json?: Readonly<Record<string, unknown>>
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The same as it came. */
  readonly bytes: Buffer
}

export interface HttpLimits {
  readonly timeoutMs: number
  readonly maxBytes: number
}

/**
 * One request, one answer, whatever its status; no redirects are followed. Throws platform/unavailable when there is no complete
 * answer in time, or when it is larger than `maxBytes`.
 */
export async function sendRequest(
  { method, url, headers, form, json }: HttpRequest,
  limits: HttpLimits,
): Promise<HttpAnswer> {
  try {
    const response = await fetch(url, {
      method,
      redirect: 'manual',
      signal: AbortSignal.timeout(limits.timeoutMs),
      headers: {
        accept: 'application/json',
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    })
    const bytes = await readBounded(response, limits.maxBytes)
    const { status, headers: answered } = response
    return { status, headers: answered, bytes, text: bytes.toString('utf8') }
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw new AppError('platform/unavailable', { host: new URL(url).host, why: reasonOf(cause) }, { cause })
  }
}

async function readBounded(response: Response, maxBytes: number): Promise<Buffer> {
  if (response.body === null) return Buffer.alloc(0)
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw new AppError('platform/unavailable', { why: 'answer_too_large', max_bytes: maxBytes })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** A word such as ECONNREFUSED or TimeoutError; the message may name an address with a secret in it. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'unknown'
  const inner: unknown = cause.cause
  if (typeof inner === 'object' && inner !== null && 'code' in inner && typeof inner.code === 'string')
    return inner.code
  return cause.name
}
