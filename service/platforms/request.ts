export interface PlatformRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  /** Form-encoded. */
  readonly form?: Readonly<Record<string, string>>
  /** Sent as JSON; instead of `form`. */
  readonly json?: Readonly<Record<string, unknown>>
  /** Takes the body of a successful answer once all of it is here, a piece at a time; the answer's `text` and `bytes` are empty then. */
  readonly readBody?: (chunks: AsyncIterable<Buffer>) => Promise<void>
}

export interface PlatformAnswer {
  readonly status: number
  readonly headers: Headers
  /** At most 32 MiB. */
  readonly text: string
  /** The same as it came. */
  readonly bytes: Buffer
}

/** Sends one request with time limits. Throws platform/unavailable when there is no answer. */
export type SendRequest = (request: PlatformRequest) => Promise<PlatformAnswer>
