import { createHash, randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { RecordAudit } from '../../runtime/audit-event.ts'
import type { Database } from '../../runtime/db.ts'
import { AppError } from '../../runtime/errors.ts'
import { letGo } from '../../runtime/flat-memory.ts'
import { defineTask, PRIORITY } from '../../runtime/jobs.ts'
import { answerRequest, type RequestServices } from '../requests/requests.ts'
import type { Controller } from './controller.ts'
import {
  appendChunk,
  beginAttempt,
  type ExportAttempt,
  type ExportKey,
  failExport,
  finishExport,
  isCurrent,
  noteProgress,
} from './queries.ts'
import { type ListArchives, writeCopy } from './write-copy.ts'

export interface ExportServices {
  readonly db: Database
  readonly audit: RecordAudit
  readonly requests: RequestServices
  readonly controller: Controller
  readonly archives: ListArchives
  /** How long a copy waits to be fetched. */
  readonly keepHours: number
  /** Throws vault/keys_unavailable. */
  readonly sealExport: (key: ExportKey, bytes: Buffer) => Promise<Buffer>
  readonly openExport: (key: ExportKey, sealed: Buffer) => Promise<Buffer>
}

const SYSTEM = { kind: 'system', id: null } as const
const CHUNK_BYTES = 1024 * 1024

/** Makes a person's copy. A killed worker leaves pieces that the next attempt removes; a person who is erased meanwhile ends it. */
export const exportData = defineTask<ExportServices>()({
  identifier: 'export_data',
  payload: z.object({ userId: z.uuid(), exportId: z.uuid() }),
  jobKey: ({ exportId }) => `export_data:${exportId}`,
  priority: PRIORITY.normal,
  async run(key, services) {
    const attempt = { ...key, attempt: randomUUID() }
    const begun = await services.db.transaction((tx) => beginAttempt(tx, key, attempt.attempt))
    if (begun === undefined) return undefined
    try {
      await makeCopy(services, attempt, begun.requestId)
    } catch (error) {
      // Another attempt took over, or the person is gone, whatever it was that noticed: nothing failed.
      if (!(await isCurrent(services.db, attempt))) return undefined
      if (!(error instanceof AppError) || error.spec.retry) throw error
      await failExport(services.db, attempt, error.code)
      throw error
    }
    return undefined
  },
})

async function makeCopy(services: ExportServices, attempt: ExportAttempt, requestId: string): Promise<void> {
  const { db, controller, archives, keepHours, audit, requests } = services
  const { userId } = attempt
  const hash = createHash('sha256')
  let byteCount = 0
  const onProgress = ({ share, rows }: { share: number; rows: number }) =>
    void noteProgress(db, attempt, { progress: share, rowsWritten: rows }).catch(() => undefined)
  const rows = await writeCopy(db, { userId, controller, archives, onProgress }, async (pieces) => {
    for await (const chunk of inChunks(pieces)) {
      hash.update(chunk)
      const bytesSealed = await services.sealExport(attempt, chunk)
      if (!(await appendChunk(db, attempt, { fromByte: byteCount, byteCount: chunk.length, bytesSealed })))
        throw new AppError('privacy/export_gone')
      byteCount += chunk.length
      letGo(chunk.length * 3)
    }
  })
  await db.transaction(async (tx) => {
    await noteProgress(tx, attempt, { progress: 1, rowsWritten: rows })
    if (!(await finishExport(tx, attempt, { byteCount, sha256: hash.digest('hex'), keepHours })))
      throw new AppError('privacy/export_gone')
    await answerRequest(requests, tx, { id: requestId, status: 'completed', actor: SYSTEM })
    const details = { exportId: attempt.exportId, rows, byteCount }
    await audit(tx, { action: 'export.ready', actor: SYSTEM, subjectUserId: userId, outcome: 'success', details })
  })
}

async function* inChunks(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = []
  let bytes = 0
  for await (const piece of pieces) {
    waiting.push(piece)
    bytes += piece.length
    if (bytes < CHUNK_BYTES) continue
    yield Buffer.concat(waiting)
    ;[waiting, bytes] = [[], 0]
  }
  if (bytes > 0) yield Buffer.concat(waiting)
}
