import { createHash } from 'node:crypto'
import type { UploadedFile } from '../platforms/contract.ts'
import type { Db } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { letGo } from '../runtime/flat-memory.ts'
import { findChunk, type UploadKey } from './uploads.ts'

export interface OpenChunks {
  readonly db: Db
  /** Throws vault/unreadable. */
  readonly openUpload: (key: { userId: string; platform: string }, sealed: Buffer) => Promise<Buffer>
}

/** Of a chunk: as the database answers it, hexadecimal, and as bytes, sealed and opened. */
const COPIES = 8

/** A file that rests in sealed chunks, read as one; a chunk is in memory at a time. */
export function openStoredFile(
  { db, openUpload }: OpenChunks,
  upload: UploadKey & { platform: string; size: number },
): UploadedFile {
  let last: { fromByte: number; bytes: Buffer } | undefined
  const load = async (byte: number) => {
    if (last !== undefined && byte >= last.fromByte && byte < last.fromByte + last.bytes.length) return last
    const chunk = await findChunk(db, upload, byte)
    if (chunk === undefined) throw new AppError('upload/damaged', { problem: 'a part of the file is missing' })
    last = { fromByte: chunk.fromByte, bytes: await openUpload(upload, chunk.bytesSealed) }
    letGo(chunk.bytesSealed.length * COPIES)
    return last
  }
  return {
    size: upload.size,
    async read(position, length) {
      if (position >= upload.size || length <= 0) return Buffer.alloc(0)
      const { fromByte, bytes } = await load(position)
      const from = position - fromByte
      if (from >= bytes.length) throw new AppError('upload/damaged', { problem: 'a part of the file is missing' })
      const part = bytes.subarray(from, from + length)
      if (part.length === length || position + part.length >= upload.size) return part
      return Buffer.concat([part, await this.read(position + part.length, length - part.length)])
    },
  }
}

const READ_BYTES = 1024 * 1024

/** SHA-256 of all its bytes, hexadecimal. */
export async function digestOf(file: UploadedFile): Promise<string> {
  const hash = createHash('sha256')
  for (let position = 0; position < file.size; ) {
    const bytes = await file.read(position, Math.min(READ_BYTES, file.size - position))
    if (bytes.length === 0)
      throw new AppError('upload/damaged', { problem: 'the file is shorter than it was said to be' })
    hash.update(bytes)
    position += bytes.length
  }
  return hash.digest('hex')
}
