import { z } from 'zod'
import type { Platforms } from '../platforms/contract.ts'
import { AppError } from '../runtime/errors.ts'
import { defineTask, type JobResult, PRIORITY } from '../runtime/jobs.ts'
import type { BatchServices } from './import-batch.ts'
import { importFile } from './import-file.ts'
import { type OpenChunks, openStoredFile } from './stored-file.ts'
import { findUpload } from './uploads.ts'

export interface ImportUploadServices extends BatchServices, OpenChunks {
  readonly db: BatchServices['db']
  readonly platforms: Platforms
  readonly countSync: (operation: { platform: string; kind: string; outcome: string; seconds: number }) => void
  /** Default: eight minutes. */
  readonly sliceMs?: number
}

/** Within the ten minutes that an import may take, with room for a batch on a slow machine. */
const SLICE_MS = 8 * 60_000

/**
 * Imports a file that was received whole, a slice a job: what takes longer gives its place to others and goes on behind them. After a kill, too, it
 * goes on behind the last payload that was stored.
 */
export const importUpload = defineTask<ImportUploadServices>()({
  identifier: 'import_upload',
  payload: z.object({ userId: z.uuid(), uploadId: z.uuid(), runId: z.uuid() }),
  jobKey: ({ runId }) => `import_upload:${runId}`,
  priority: PRIORITY.history,
  queue: 'imports',
  maxAttempts: 5,
  backoffSeconds: 10,
  timeoutSeconds: 600,
  async run({ userId, uploadId, runId }, services): Promise<JobResult> {
    const upload = await findUpload(services.db, { userId, uploadId })
    if (upload === undefined || upload.state !== 'importing') return undefined // erased, or done by another process
    const { platform, receivedBytes: size, receivedAt } = upload
    const reader = services.platforms.get(platform)?.upload
    if (reader === undefined) throw new AppError('platform/not_configured', { platform })
    const started = performance.now()
    const file = openStoredFile(services, { userId, uploadId, platform, size })
    const key = { userId, uploadId, runId }
    const result = await importFile(services, {
      key,
      upload: reader,
      file,
      receivedAt,
      giveWayAfterMs: services.sliceMs ?? SLICE_MS,
    })
    if (result === 'more') return { runAgainAt: new Date() }
    const seconds = (performance.now() - started) / 1000
    if (result !== 'elsewhere') services.countSync({ platform, kind: 'upload', outcome: 'complete', seconds })
    return undefined
  },
})
