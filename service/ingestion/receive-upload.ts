import { createHash } from 'node:crypto'
import type { Platforms } from '../platforms/contract.ts'
import type { Database } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { letGo } from '../runtime/flat-memory.ts'
import { enqueue } from '../runtime/jobs.ts'
import { importUpload } from './import-upload.task.ts'
import { insertRun } from './runs.ts'
import { lockConsent } from './store-raw.ts'
import { digestOf, type OpenChunks, openStoredFile } from './stored-file.ts'
import {
  appendChunk,
  beginImport,
  failSilentImports,
  findSameFile,
  findUpload,
  forgetUpload,
  openUpload,
  type Upload,
  type UploadKey,
} from './uploads.ts'

export interface ReceiveServices extends OpenChunks {
  readonly db: Database
  readonly platforms: Platforms
  readonly sealUpload: (key: { userId: string; platform: string }, bytes: Buffer) => Promise<Buffer>
}

export interface IncomingFile extends UploadKey {
  readonly platform: string
  /** Where the first byte of `body` stands in the file. */
  readonly offset: number
  readonly body: AsyncIterable<Buffer>
}

export interface ReceivedUpload {
  readonly uploadId: string
  readonly receivedBytes: number
  readonly syncRunId: string
  /** The same file was imported, or is being imported. */
  readonly alreadyKnown: boolean
}

const CHUNK_BYTES = 1024 * 1024
/** Of a piece: as it came, joined, sealed, and as the driver writes it, which is as hexadecimal text and that once more as bytes. */
const COPIES = 7

/**
 * Stores a file as it arrives, a sealed mebibyte at a time, and queues its import once it is whole. What came before a connection broke
 * stays; the client sends the rest with `offset`. Throws consent/required, upload/wrong_offset, upload/too_large, upload/busy, upload/not_found.
 */
export async function receiveFile(services: ReceiveServices, incoming: IncomingFile): Promise<ReceivedUpload> {
  const maxBytes = services.platforms.get(incoming.platform)?.upload?.maxFileBytes
  if (maxBytes === undefined) throw new AppError('request/not_found')
  await services.db.transaction(async (tx) => {
    await openUpload(tx, incoming, incoming.platform)
    if (!(await lockConsent(tx, incoming))) throw new AppError('consent/required', { platform: incoming.platform })
  })
  const upload = await findUpload(services.db, incoming)
  if (upload === undefined || upload.platform !== incoming.platform) throw new AppError('upload/not_found')
  if (upload.state !== 'receiving') return asReceived(upload)
  if (upload.receivedBytes !== incoming.offset)
    throw new AppError('upload/wrong_offset', { problem: `${upload.receivedBytes} bytes are here` })
  const { size, sha256 } = await storeBody(services, incoming, maxBytes)
  if (size === 0) throw new AppError('upload/not_an_export', { problem: 'the file is empty' })
  const { userId, uploadId, platform } = incoming
  const whole = sha256 ?? (await digestOf(openStoredFile(services, { userId, uploadId, platform, size })))
  return complete(services, incoming, { size, sha256: whole })
}

/**
 * Bytes are committed as they come; what is left in memory when the connection breaks is stored too. One buffer takes them all: those of the
 * connection are let go at once, before they grow old. `sha256`: of the file, where all of it came in this request.
 */
async function storeBody(
  services: ReceiveServices,
  incoming: IncomingFile,
  maxBytes: number,
): Promise<{ size: number; sha256: string | undefined }> {
  const hash = incoming.offset === 0 ? createHash('sha256') : undefined
  const piece = Buffer.allocUnsafe(CHUNK_BYTES)
  let position = incoming.offset
  let filled = 0
  const flush = async () => {
    const part = piece.subarray(0, filled)
    filled = 0
    if (part.length > 0) await storeChunk(services, incoming, { position, part })
    position += part.length
  }
  try {
    for await (const chunk of incoming.body) {
      if (position + filled + chunk.length > maxBytes) throw new AppError('upload/too_large')
      hash?.update(chunk)
      for (let at = 0; at < chunk.length; ) {
        const copied = chunk.copy(piece, filled, at)
        filled += copied
        at += copied
        if (filled === CHUNK_BYTES) await flush()
      }
    }
  } finally {
    await flush()
  }
  return { size: position, sha256: hash?.digest('hex') }
}

async function storeChunk(
  services: ReceiveServices,
  incoming: IncomingFile,
  { position, part }: { position: number; part: Buffer },
): Promise<void> {
  const bytesSealed = await services.sealUpload(incoming, part)
  const chunk = { fromByte: position, byteCount: part.length, bytesSealed }
  const stored = await services.db.transaction((tx) => appendChunk(tx, incoming, chunk))
  if (!stored) throw new AppError('upload/wrong_offset', { problem: 'another request sends the same upload' })
  letGo(part.length * COPIES)
}

async function complete(
  services: ReceiveServices,
  incoming: IncomingFile,
  { size, sha256 }: { size: number; sha256: string },
): Promise<ReceivedUpload> {
  const { userId, uploadId, platform } = incoming
  return services.db.transaction(async (tx) => {
    const same = await findSameFile(tx, { userId, platform, sha256 })
    if (same !== undefined) {
      await forgetUpload(tx, incoming)
      return { uploadId: same.uploadId, receivedBytes: size, syncRunId: same.runId, alreadyKnown: true }
    }
    await failSilentImports(tx, incoming)
    const now = new Date()
    const cursor = { uploadId, payloads: 0 }
    const run = {
      userId,
      platform,
      kind: 'upload' as const,
      askedBy: 'person' as const,
      since: new Date(0),
      until: now,
      cursor,
    }
    const { runId, started } = await insertRun(tx, run)
    if (!started) throw new AppError('upload/busy')
    if (!(await beginImport(tx, incoming, { sha256, runId })))
      throw new AppError('upload/wrong_offset', { problem: 'another request completed the upload' })
    await enqueue(tx, importUpload, { payload: { userId, uploadId, runId } })
    return { uploadId, receivedBytes: size, syncRunId: runId, alreadyKnown: false }
  })
}

function asReceived({ uploadId, receivedBytes, runId }: Upload): ReceivedUpload {
  return { uploadId, receivedBytes, syncRunId: runId ?? '', alreadyKnown: true }
}
