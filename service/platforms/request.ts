import type { PackedBody } from '../runtime/packed-body.ts'

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

export interface PlatformAnswer {
  readonly status: number
  readonly headers: Headers
  /** At most 32 MiB. */
  readonly text: string
  readonly packed?: PackedBody
}

/** Sends one request with time limits. Throws platform/unavailable when there is no answer. */
export type SendRequest = (request: PlatformRequest) => Promise<PlatformAnswer>
