import type { PlatformUpload, UploadedFile, UploadedPayload } from '../platforms/contract.ts'
import { AppError } from '../runtime/errors.ts'
import { keepMemoryFlat } from '../runtime/flat-memory.ts'
import { type BatchServices, ImportBatch, type UploadCursor } from './import-batch.ts'
import { findRunningRun, finishRun, type SyncRun } from './runs.ts'
import { endUpload, type UploadKey } from './uploads.ts'

export interface ImportProgress {
  readonly records: number
  /** 0 to 1. */
  readonly share: number
}

interface Import {
  readonly services: BatchServices
  readonly key: UploadKey & { runId: string }
  readonly receivedAt: Date
  readonly onProgress: (progress: ImportProgress) => void
  readonly giveWayAtMs: number
  /** As it was when we last moved it. */
  run: SyncRun<UploadCursor>
  records: number
}

export interface ImportOptions {
  readonly key: UploadKey & { runId: string }
  readonly upload: PlatformUpload
  readonly file: UploadedFile
  /** When the file was received. */
  readonly receivedAt: Date
  readonly onProgress?: (progress: ImportProgress) => void
  /** After so long it stops behind a batch and answers 'more'. Default: it goes on to the end. */
  readonly giveWayAfterMs?: number
}

/**
 * Imports a file from where its run stands to its end: while one batch is written, the next is read and normalized. Payloads, what they
 * become and the place in the file are one transaction, so that a process that dies leaves a run that goes on. Answers what was stored.
 * Throws upload/*; the run has failed then. 'elsewhere': another process imports it, or the run has ended. 'more': the rest is for later.
 */
export async function importFile(
  services: BatchServices,
  options: ImportOptions,
): Promise<ImportProgress | 'elsewhere' | 'more'> {
  const { key, upload, file, receivedAt, onProgress = () => undefined } = options
  const giveWayAtMs = performance.now() + (options.giveWayAfterMs ?? Number.POSITIVE_INFINITY)
  keepMemoryFlat()
  const run = await findRunningRun<UploadCursor>(services.db, key)
  if (run === undefined) return 'elsewhere'
  const state: Import = { services, key, receivedAt, onProgress, giveWayAtMs, run, records: 0 }
  try {
    const end = await importFrom(state, upload.readFile(file), run.cursor.payloads)
    if (end !== 'end') return end
  } catch (error) {
    if (error instanceof AppError && !error.spec.retry) await fail(state, error)
    throw error
  }
  return { records: state.records, share: 1 }
}

/** 'elsewhere': another process moved the run on. What is known is read again without being looked at, so at least one batch is written. */
async function importFrom(
  state: Import,
  payloads: AsyncGenerator<UploadedPayload>,
  done: number,
): Promise<'end' | 'elsewhere' | 'more'> {
  let position = 0
  let batch: ImportBatch | undefined
  let writing: Promise<boolean> = Promise.resolve(true)
  try {
    for await (const payload of payloads) {
      position += 1
      state.records += payload.records
      if (position <= done) continue
      batch ??= new ImportBatch(state.services, { ...state.run, ...state })
      batch.add(payload)
      if (!batch.isFull) continue
      if (!(await writing)) return 'elsewhere'
      writing = write(state, batch)
      // Looked at above or below; without a listener a failure between would end the process.
      writing.catch(() => undefined)
      batch = undefined
      if (performance.now() >= state.giveWayAtMs) return (await writing) ? 'more' : 'elsewhere'
    }
  } finally {
    await writing.catch(() => undefined)
  }
  const isKept = (await writing) && (batch === undefined || (await write(state, batch)))
  if (!isKept) return 'elsewhere'
  await finish(state)
  return 'end'
}

async function write(state: Import, batch: ImportBatch): Promise<boolean> {
  const run = await batch.write(state.run)
  if (run === undefined) return false
  state.run = run
  state.onProgress({ records: state.records, share: batch.share })
  return true
}

async function finish({ services, key }: Import): Promise<void> {
  await services.db.transaction(async (tx) => {
    await finishRun(tx, key, { status: 'complete' })
    await endUpload(tx, key, 'done')
    await services.rebuildNow(tx, key.userId)
  })
}

async function fail({ services, key }: Import, { code }: AppError): Promise<void> {
  await services.db.transaction(async (tx) => {
    await finishRun(tx, key, { status: 'failed', errorCode: code })
    await endUpload(tx, key, 'failed')
    await services.rebuildNow(tx, key.userId)
  })
}
