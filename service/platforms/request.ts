export interface PlatformRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  /** Form-encoded. */
  readonly form?: Readonly<Record<string, string>>
  /** Sent as JSON; instead of `form`. */
  readonly json?: Readonly<Record<string, unknown>>
  /** The body of a successful answer may be large: it is `packed` then, and `text` is empty. */
  readonly pack?: boolean
}

/** A body that is held packed; `runtime/packed-body.ts` knows how. */
export interface PackedAnswer {
  readonly pieces: readonly Buffer[]
  /** Of what it is unpacked. */
  readonly byteLength: number
}

export interface PlatformAnswer {
  readonly status: number
  readonly headers: Headers
  /** At most 32 MiB. */
  readonly text: string
  readonly packed?: PackedAnswer
}

/** Sends one request with time limits. Throws platform/unavailable when there is no answer. */
export type SendRequest = (request: PlatformRequest) => Promise<PlatformAnswer>
