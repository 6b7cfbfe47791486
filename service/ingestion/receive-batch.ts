import { createHash } from 'node:crypto'
import type { BatchWebhook, RequestHeaders } from '../platforms/webhook-contract.ts'
import { AppError } from '../runtime/errors.ts'
import { letGo } from '../runtime/flat-memory.ts'
import { enqueue } from '../runtime/jobs.ts'
import { appendChunk, CHUNK_BYTES, closeDelivery, discardDelivery, openDelivery } from './inbox.ts'
import type { Intake } from './intake.ts'
import { processDelivery } from './process-delivery.task.ts'
import type { IngestionServices } from './services.ts'

export interface IncomingBatch {
  readonly platform: string
  readonly webhook: BatchWebhook
  readonly headers: RequestHeaders
  readonly body: AsyncIterable<Uint8Array>
}

/** Of a piece on its way: as it came, gathered, sealed, and written by the driver three times. */
const COPIES = 7

type ReceiveServices = Pick<IngestionServices, 'db' | 'sealInbox'> & { readonly intake: Intake }

/**
 * Streams a delivery into the inbox, sealed piece by piece, and queues the job that reads it; only then the platform gets its 200. No
 * transaction is open while the bytes come: one that breaks off is removed. Throws webhook/not_verified, request/too_large, and
 * whatever the stream throws.
 */
export async function receiveBatch(
  services: ReceiveServices,
  { platform, webhook, headers, body }: IncomingBatch,
): Promise<'stored' | 'duplicate'> {
  webhook.verifyHeaders(headers)
  const hash = createHash('sha256')
  const pieces = inPieces(hashed(body, hash), webhook.bodyLimitBytes)
  const first = (await pieces.next()).value ?? Buffer.alloc(0)
  const second = (await pieces.next()).value
  if (second === undefined) return services.intake.store({ platform, body: first, dedupeKey: hash.digest('hex') })
  const deliveryId = await openDelivery(services.db, platform)
  try {
    let position = 0
    const append = async (piece: Buffer) => {
      const bytesSealed = await services.sealInbox(platform, piece)
      await appendChunk(services.db, deliveryId, { position: position++, bytesSealed })
      letGo(piece.length * COPIES)
    }
    await append(first)
    await append(second)
    for await (const piece of pieces) await append(piece)
    return await services.db.transaction(async (tx) => {
      const closed = await closeDelivery(tx, deliveryId, hash.digest('hex'))
      if (closed === 'stored') await enqueue(tx, processDelivery, { payload: { deliveryId } })
      return closed
    })
  } catch (error) {
    await discardDelivery(services.db, deliveryId).catch(() => {}) // the cleaning job does it otherwise
    throw error
  }
}

async function* hashed(
  body: AsyncIterable<Uint8Array>,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<Uint8Array> {
  for await (const bytes of body) {
    hash.update(bytes)
    yield bytes
  }
}

async function* inPieces(body: AsyncIterable<Uint8Array>, limitBytes: number): AsyncGenerator<Buffer, undefined> {
  const piece = Buffer.allocUnsafe(CHUNK_BYTES)
  let [filled, total] = [0, 0]
  for await (const bytes of body) {
    total += bytes.length
    if (total > limitBytes) throw new AppError('request/too_large')
    for (let at = 0; at < bytes.length; ) {
      const taken = bytes.subarray(at, at + CHUNK_BYTES - filled)
      piece.set(taken, filled)
      filled += taken.length
      at += taken.length
      if (filled < CHUNK_BYTES) continue
      yield Buffer.from(piece)
      filled = 0
    }
  }
  if (filled > 0) yield Buffer.from(piece.subarray(0, filled))
  return undefined
}
