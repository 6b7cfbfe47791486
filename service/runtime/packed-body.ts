import { promisify } from 'node:util'
import { constants, zstdCompressSync, zstdDecompress } from 'node:zlib'
import { letGo } from './flat-memory.ts'

const unpack = promisify(zstdDecompress)
const PIECE_BYTES = 256 * 1024
const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
/** Counted for a piece: what the client and the packing make of it is collected while it is young, or much of it would grow old. */
const COPIES = 16

/**
 * A body, read as fast as it comes and held packed, at a third to a twentieth of its size. A body that waits for its reader may end the process: Node's client
 * fails an assertion, which nobody can catch, where the connection closes while it waits (`assert(!this.paused)`, Node 24.21).
 */
export interface PackedBody {
  readonly pieces: readonly Buffer[]
  /** Of what it is unpacked. */
  readonly byteLength: number
}

/** What it takes where it is held. */
export function packedLength({ pieces }: PackedBody): number {
  return pieces.reduce((sum, { length }) => sum + length, 0)
}

/** Bytes of a body; the end is not included. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** A piece is packed as soon as it is here, in half a millisecond: in the background it would wait, as it came, while the next ones come. */
export async function packBody(chunks: AsyncIterable<Buffer>): Promise<PackedBody> {
  const pieces: Buffer[] = []
  let [waiting, bytes, byteLength]: [Buffer[], number, number] = [[], 0, 0]
  const pack = () => {
    // Copied: what zlib answers is the beginning of a buffer of 64 kB.
    pieces.push(Buffer.from(zstdCompressSync(Buffer.concat(waiting), FAST)))
    letGo(bytes * COPIES)
    byteLength += bytes
    ;[waiting, bytes] = [[], 0]
  }
  for await (const chunk of chunks) {
    waiting.push(chunk)
    bytes += chunk.length
    if (bytes >= PIECE_BYTES) pack()
  }
  if (bytes > 0) pack()
  return { pieces, byteLength }
}

/** A piece at a time, as often as it is asked for. */
export async function* unpackBody(
  { pieces, byteLength }: PackedBody,
  { from, to }: Span = { from: 0, to: byteLength },
): AsyncGenerator<Buffer> {
  let at = 0
  for (const piece of pieces) {
    if (at >= to) return
    const bytes = await unpack(piece)
    if (at + bytes.length > from) yield bytes.subarray(Math.max(0, from - at), to - at)
    at += bytes.length
    letGo(bytes.length)
  }
}

export async function unpackWhole(body: PackedBody): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of unpackBody(body)) pieces.push(piece)
  return Buffer.concat(pieces)
}
