import { randomUUID } from 'node:crypto'
import type { UploadedPayload } from '../platforms/contract.ts'
import { BinaryArray } from '../runtime/binary-array.ts'
import type { Database, Tx } from '../runtime/db.ts'
import { letGo } from '../runtime/flat-memory.ts'
import { advanceRun, type SyncRun } from './runs.ts'
import type { OpenBatch } from './services.ts'
import { type ArrivedPayload, storeArrived } from './store-arrived.ts'
import { storableJson } from './store-raw.ts'
import type { UploadKey } from './uploads.ts'

/** Where an import continues: so many payloads of the file are stored. */
export interface UploadCursor {
  readonly uploadId: string
  readonly payloads: number
}

export interface BatchServices {
  readonly db: Database
  /** Days that it changes are merged when there is a pause. */
  readonly openBatch: OpenBatch
  /** Has the days merged that its batches changed, in the same transaction or not at all. */
  readonly rebuildNow: (tx: Tx, userId: string) => Promise<void>
}

export interface BatchOrigin {
  readonly key: UploadKey & { readonly runId: string }
  readonly receivedAt: Date
}

/**
 * One transaction holds so much: enough that its fixed cost does not show, little enough that a kill costs a moment and that two of them, one
 * with what the driver copies of it, are little memory: twice as much took the worker from 181 to 195 MB with an export of 226 MB.
 */
const MOST_RECORDS = 2_000
const MOST_PAYLOADS = 16
const MOST_BYTES = 2 * 1024 * 1024
const USUAL_BYTES = 1024 * 1024
/** Of the bytes, with those that the driver makes to send them. */
const COPIES = 3

/** Payloads that were read and normalized, and wait for their turn: as bytes and columns, not as objects. */
export class ImportBatch {
  readonly #services: BatchServices
  readonly #origin: BatchOrigin
  readonly #normalized: ReturnType<OpenBatch>
  readonly #payloads: ArrivedPayload[] = []
  readonly #texts = new BinaryArray('text', USUAL_BYTES)
  #records = 0
  #share = 0

  constructor(
    services: BatchServices,
    { userId, platform, ...origin }: BatchOrigin & { userId: string; platform: string },
  ) {
    this.#services = services
    this.#origin = origin
    this.#normalized = services.openBatch({ userId, platform })
  }

  /** Share of the file that was read with its last payload. */
  get share(): number {
    return this.#share
  }

  get isFull(): boolean {
    const { length } = this.#payloads
    return this.#records >= MOST_RECORDS || length >= MOST_PAYLOADS || this.#texts.byteLength >= MOST_BYTES
  }

  add({ dataType, payload, records, observedAt, progress }: UploadedPayload): void {
    const { key, receivedAt } = this.#origin
    const metadata = { sync_run_id: key.runId, upload_id: key.uploadId }
    const arriving = { rawId: randomUUID(), dataType, metadata }
    this.#normalized.add({ ...arriving, payload })
    const isOlder = observedAt !== null && observedAt < receivedAt
    this.#payloads.push({ ...arriving, observedAt: isOlder ? observedAt : receivedAt })
    this.#texts.addText(storableJson(JSON.stringify(payload)).text)
    this.#records += records
    this.#share = progress
  }

  /** Answers the run as it is now; undefined: another process moved it on, or it has ended, and nothing was written. */
  async write(run: SyncRun<UploadCursor>): Promise<SyncRun<UploadCursor> | undefined> {
    const { userId, platform, cursor } = run
    const nextCursor = { ...cursor, payloads: cursor.payloads + this.#payloads.length }
    const advance = { reached: null, progress: this.#share, records: this.#records, nextCursor }
    const write = await this.#normalized.close()
    const moved = await this.#services.db.transaction(async (tx) => {
      if (!(await advanceRun(tx, run, advance))) return false
      const arrived = { userId, platform, payloads: this.#payloads, texts: this.#texts }
      await write(tx, await storeArrived(tx, arrived))
      return true
    })
    letGo(this.#texts.byteLength * COPIES)
    return moved ? { ...run, cursor: nextCursor, cursorText: JSON.stringify(nextCursor) } : undefined
  }
}
