import { randomUUID } from 'node:crypto'
import type { PlatformUpload, UploadedFile, UploadedPayload } from '../platforms/contract.ts'
import type { Database, Tx } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { keepMemoryFlat } from '../runtime/flat-memory.ts'
import { advanceRun, findRunningRun, finishRun, type SyncRun } from './runs.ts'
import { storeArrived } from './store-raw.ts'
import { endUpload, type UploadKey } from './uploads.ts'

/** Where an import continues: so many payloads of the file are stored. */
export interface UploadCursor {
  readonly uploadId: string
  readonly payloads: number
}

export interface ArrivingPayload {
  readonly rawId: string
  readonly dataType: string
  readonly payload: unknown
  readonly metadata: Readonly<Record<string, unknown>>
}

/** Normalizes payloads and answers the function that writes what they became, in the transaction that stores them. */
export type PrepareBatch = (batch: {
  userId: string
  platform: string
  payloads: readonly ArrivingPayload[]
}) => Promise<(tx: Tx, stored: { createdAt: string; receivedAt: readonly string[] }) => Promise<void>>

export interface ImportServices {
  readonly db: Database
  readonly prepareBatch: PrepareBatch
}

export interface ImportProgress {
  readonly records: number
  /** 0 to 1. */
  readonly share: number
}

interface Import {
  readonly services: ImportServices
  readonly key: UploadKey & { runId: string }
  readonly receivedAt: Date
  readonly onProgress: (progress: ImportProgress) => void
  records: number
}

/** One transaction holds so much: enough that its fixed cost does not show, little enough that a kill costs a moment. */
const BATCH_RECORDS = 4_000
const BATCH_PAYLOADS = 16

export interface ImportOptions {
  readonly key: UploadKey & { runId: string }
  readonly upload: PlatformUpload
  readonly file: UploadedFile
  /** When the file was received. */
  readonly receivedAt: Date
  readonly onProgress?: (progress: ImportProgress) => void
}

/**
 * Imports a file from where its run stands to its end: while one batch is written, the next is read and normalized. Payloads, what they
 * become and the place in the file are one transaction, so that a process that dies leaves a run that goes on. Answers what was stored.
 * Throws upload/*; the run has failed then. 'elsewhere': another process imports it, or the run has ended.
 */
export async function importFile(
  services: ImportServices,
  options: ImportOptions,
): Promise<ImportProgress | 'elsewhere'> {
  const { key, upload, file, receivedAt, onProgress = () => undefined } = options
  keepMemoryFlat()
  const run = await findRunningRun<UploadCursor>(services.db, key)
  if (run === undefined) return 'elsewhere'
  const state: Import = { services, key, receivedAt, onProgress, records: 0 }
  try {
    if (!(await importFrom(state, upload.readFile(file), run.cursor.payloads))) return 'elsewhere'
  } catch (error) {
    if (error instanceof AppError && !error.spec.retry) await fail(services.db, key, error)
    throw error
  }
  return { records: state.records, share: 1 }
}

/** False: another process moved the run on. */
async function importFrom(state: Import, payloads: AsyncGenerator<UploadedPayload>, done: number): Promise<boolean> {
  let position = 0
  let batch: UploadedPayload[] = []
  let records = 0
  let writing: Promise<boolean> = Promise.resolve(true)
  try {
    for await (const payload of payloads) {
      position += 1
      state.records += payload.records
      if (position <= done) continue
      batch.push(payload)
      records += payload.records
      if (records < BATCH_RECORDS && batch.length < BATCH_PAYLOADS) continue
      if (!(await writing)) return false
      writing = writeBatch(state, batch, position)
      // Looked at above or below; without a listener a failure between would end the process.
      writing.catch(() => undefined)
      ;[batch, records] = [[], 0]
    }
  } finally {
    await writing.catch(() => undefined)
  }
  return (await writing) && (batch.length === 0 || (await writeBatch(state, batch, position))) && finish(state)
}

async function writeBatch(state: Import, batch: readonly UploadedPayload[], position: number): Promise<boolean> {
  const { services, key, receivedAt } = state
  const run = await findRunningRun<UploadCursor>(services.db, key)
  if (run === undefined || run.cursor.payloads !== position - batch.length) return false
  const metadata = { sync_run_id: key.runId, upload_id: key.uploadId, normalized_on_arrival: true }
  const payloads = batch.map(({ dataType, payload }) => ({ rawId: randomUUID(), dataType, payload, metadata }))
  const write = await services.prepareBatch({ userId: run.userId, platform: run.platform, payloads })
  const last = batch.at(-1)
  const moved = await services.db.transaction(async (tx) => {
    if (!(await advance(tx, { run, batch, position }))) return false
    const observed = batch.map(({ observedAt }) =>
      observedAt !== null && observedAt < receivedAt ? observedAt : receivedAt,
    )
    const stored = await storeArrived(tx, { userId: run.userId, platform: run.platform, payloads, observed })
    await write(tx, stored)
    return true
  })
  if (moved) state.onProgress({ records: state.records, share: last?.progress ?? 1 })
  return moved
}

async function advance(
  tx: Tx,
  { run, batch, position }: { run: SyncRun<UploadCursor>; batch: readonly UploadedPayload[]; position: number },
): Promise<boolean> {
  return advanceRun(tx, run, {
    reached: null,
    progress: batch.at(-1)?.progress ?? 0,
    records: batch.reduce((sum, { records }) => sum + records, 0),
    nextCursor: { ...run.cursor, payloads: position },
  })
}

async function finish({ services, key }: Import): Promise<boolean> {
  await services.db.transaction(async (tx) => {
    await finishRun(tx, key, { status: 'complete' })
    await endUpload(tx, key, 'done')
  })
  return true
}

async function fail(db: Database, key: UploadKey & { runId: string }, { code }: AppError): Promise<void> {
  await db.transaction(async (tx) => {
    await finishRun(tx, key, { status: 'failed', errorCode: code })
    await endUpload(tx, key, 'failed')
  })
}
