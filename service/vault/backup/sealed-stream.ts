import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto'
import { AppError } from '../../runtime/errors.ts'
/** Hands out a key for one stream, by the salt in its header. */
export interface StreamKey {
  archiveKey(salt: Buffer): KeyObject
}

const CIPHER = 'aes-256-gcm'
const MAGIC = Buffer.from('TRBK\x01', 'latin1')
const SALT_BYTES = 32
const TAG_BYTES = 16
const LENGTH_BYTES = 4
const HEADER_BYTES = MAGIC.length + SALT_BYTES
const CHUNK_BYTES = 64 * 1024

/**
 * A stream as sealed chunks: header (magic, salt), then for each chunk length (4), ciphertext, tag (16). AES-256-GCM under a key of this
 * archive alone; the nonce is the chunk's number and whether it is the last, so chunks can be neither moved nor cut off.
 */
export async function* sealStream(streamKey: StreamKey, plain: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const header = Buffer.concat([MAGIC, randomBytes(SALT_BYTES)])
  const key = streamKey.archiveKey(header.subarray(MAGIC.length))
  yield header
  let number = 0
  let waiting = Buffer.alloc(0)
  for await (const piece of plain) {
    waiting = Buffer.concat([waiting, piece])
    while (waiting.length > CHUNK_BYTES) {
      yield sealChunk({ key, header, number, last: false }, waiting.subarray(0, CHUNK_BYTES))
      number += 1
      waiting = waiting.subarray(CHUNK_BYTES)
    }
  }
  yield sealChunk({ key, header, number, last: true }, waiting)
}

/** Throws backup/altered, saying where, before it yields anything of a chunk that is not authentic. */
export async function* openStream(streamKey: StreamKey, sealed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const reader = createReader(sealed)
  const header = await reader.take(HEADER_BYTES)
  if (header?.subarray(0, MAGIC.length).equals(MAGIC) !== true) throw altered(0, 0)
  const key = streamKey.archiveKey(header.subarray(MAGIC.length))
  for (let number = 0; ; number += 1) {
    const at = reader.position()
    const length = (await reader.take(LENGTH_BYTES))?.readUInt32BE()
    if (length === undefined || length > CHUNK_BYTES) throw altered(number, at)
    const box = await reader.take(length + TAG_BYTES)
    if (box === undefined) throw altered(number, at)
    const last = await reader.atEnd()
    const plain = openChunk({ key, header, number, last }, box)
    if (plain === undefined) throw altered(number, at)
    yield plain
    if (last) return
  }
}

interface Chunk {
  readonly key: KeyObject
  readonly header: Buffer
  readonly number: number
  readonly last: boolean
}

function sealChunk({ key, header, number, last }: Chunk, plain: Buffer): Buffer {
  const cipher = createCipheriv(CIPHER, key, nonceOf(number, last), { authTagLength: TAG_BYTES }).setAAD(header)
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32BE(plain.length)
  return Buffer.concat([length, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

function openChunk({ key, header, number, last }: Chunk, box: Buffer): Buffer | undefined {
  const decipher = createDecipheriv(CIPHER, key, nonceOf(number, last), { authTagLength: TAG_BYTES })
  decipher.setAAD(header).setAuthTag(box.subarray(box.length - TAG_BYTES))
  try {
    return Buffer.concat([decipher.update(box.subarray(0, box.length - TAG_BYTES)), decipher.final()])
  } catch {
    return undefined
  }
}

function nonceOf(number: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUInt32BE(number, 4)
  nonce.writeUInt8(last ? 1 : 0, 11)
  return nonce
}

function altered(chunk: number, byte: number): AppError {
  return new AppError('backup/altered', { where: `chunk ${chunk} of the archive, at byte ${byte}` })
}

/** Takes exact lengths out of a stream. */
function createReader(source: AsyncIterable<Buffer>) {
  const iterator = source[Symbol.asyncIterator]()
  let waiting = Buffer.alloc(0)
  let taken = 0
  const fill = async (bytes: number): Promise<boolean> => {
    while (waiting.length < bytes) {
      const next = await iterator.next()
      if (next.done === true) return false
      waiting = Buffer.concat([waiting, next.value])
    }
    return true
  }
  return {
    position: () => taken,
    atEnd: async () => !(await fill(1)),
    /** Undefined when the stream ends before. */
    async take(bytes: number): Promise<Buffer | undefined> {
      if (!(await fill(bytes))) return undefined
      const part = waiting.subarray(0, bytes)
      waiting = waiting.subarray(bytes)
      taken += bytes
      return part
    },
  }
}
