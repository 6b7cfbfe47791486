import type { IncomingMessage } from 'node:http'
import { HasuraError } from '../errors.ts'

/** Hasura leaves this limit to the proxy in front; we have none. */
export const LARGEST_BODY_BYTES = 20 * 1024 * 1024

/** Throws HasuraError when the body is larger than `limitBytes`. */
export async function readBody(request: IncomingMessage, limitBytes: number = LARGEST_BODY_BYTES): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > limitBytes)
      throw new HasuraError({ code: 'bad-request', message: 'request body too large', httpStatus: 413 })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** Throws `invalid-json`. */
export function parseJsonBody(text: string, parse: (text: string) => unknown = JSON.parse): unknown {
  try {
    return parse(text)
  } catch {
    throw new HasuraError({ code: 'invalid-json', message: 'Error in $: Failed reading: not a valid json value' })
  }
}
