import type { Readable } from 'node:stream'

/** Named objects outside the database: a directory or a bucket. Names are paths of lower-case words, digits, `.`, `-` and `/`. */
export interface ObjectStore {
  /** Whole or not at all; replaces what has the name. */
  put(name: string, bytes: Buffer): Promise<void>
  /** The same, of any length, at the memory of one part. */
  putStream(name: string, chunks: AsyncIterable<Buffer>): Promise<void>
  /** Undefined when there is none. */
  get(name: string): Promise<Readable | undefined>
  /** In the order of the names. */
  list(prefix: string): AsyncIterable<string>
  delete(name: string): Promise<void>
}
