import { promisify } from 'node:util'
import { deflateRaw, inflateRaw } from 'node:zlib'
import { letGo } from './flat-memory.ts'

const deflate = promisify(deflateRaw)
const inflate = promisify(inflateRaw)
const PIECE_BYTES = 256 * 1024
/** Of a piece: as it came, and joined. */
const COPIES = 2

/**
 * A body, read as fast as it comes and held as a tenth of what it is. A body that waits for its reader may end the process: Node's client
 * fails an assertion, which nobody can catch, where the connection closes while it waits (`assert(!this.paused)`, Node 24.21).
 */
export type PackedBody = readonly Buffer[]

export async function packBody(chunks: AsyncIterable<Buffer>): Promise<PackedBody> {
  const packed: Promise<Buffer>[] = []
  let waiting: Buffer[] = []
  let bytes = 0
  const pack = () => {
    packed.push(deflate(Buffer.concat(waiting), { level: 1 }))
    letGo(bytes * COPIES)
    ;[waiting, bytes] = [[], 0]
  }
  for await (const chunk of chunks) {
    waiting.push(chunk)
    bytes += chunk.length
    if (bytes >= PIECE_BYTES) pack()
  }
  if (bytes > 0) pack()
  return Promise.all(packed)
}

export async function* unpackBody(packed: PackedBody): AsyncGenerator<Buffer> {
  for (const piece of packed) {
    const bytes = await inflate(piece)
    yield bytes
    letGo(bytes.length)
  }
}
