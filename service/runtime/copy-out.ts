import { Readable } from 'node:stream'
import type pg from 'pg'

/** What node-postgres calls on the object that a connection is busy with; its types leave COPY out. */
interface Connection {
  readonly stream: { pause(): unknown; resume(): unknown }
  query(text: string): void
}

/**
 * The rows of `COPY … TO STDOUT` as a stream of bytes, no faster than they are read: while nobody reads, the connection is not read
 * either. Nothing else can be asked on it until the stream has ended.
 */
export function copyOut(client: pg.PoolClient, text: string): Readable {
  const stream = new CopyOut(text)
  client.query(stream as unknown as pg.Submittable)
  return stream
}

class CopyOut extends Readable {
  readonly #text: string
  #connection: Connection | undefined

  constructor(text: string) {
    super({ highWaterMark: 256 * 1024 })
    this.#text = text
  }

  submit(connection: Connection): void {
    this.#connection = connection
    connection.query(this.#text)
  }

  override _read(): void {
    this.#connection?.stream.resume()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#connection?.stream.resume()
    done(error)
  }

  handleCopyData({ chunk }: { chunk: Buffer }): void {
    // The parser hands out a view of its own buffer, which it fills again.
    if (!this.destroyed && !this.push(Buffer.from(chunk))) this.#connection?.stream.pause()
  }

  handleError(error: Error): void {
    this.destroy(error)
  }

  handleReadyForQuery(): void {
    if (!this.destroyed) this.push(null)
  }

  handleCopyInResponse(): void {}
  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleCommandComplete(): void {}
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
}
