import { forgetAbandonedUploads } from './ingestion/forget-abandoned-uploads.task.ts'
import { type ImportUploadServices, importUpload } from './ingestion/import-upload.task.ts'
import type { ReceiveJsonServices } from './ingestion/receive-json.ts'
import type { ReceiveServices } from './ingestion/receive-upload.ts'
import type { IngestionServices } from './ingestion/services.ts'
import { openBatch } from './normalization/normalize-batch.ts'
import { readPayload } from './normalization/read-payload.ts'
import type { NormalizationServices } from './normalization/services.ts'
import { type BindOptions, type BoundTask, bindTask } from './runtime/jobs.ts'
import { queueRebuildLater, rebuildNow } from './summaries/queue-rebuild.ts'
import type { Vault } from './vault/vault.ts'

export type UploadParts = ReceiveServices & ReceiveJsonServices & ImportUploadServices

export interface UploadSources {
  readonly vault: Pick<Vault, 'sealUpload' | 'openUpload'>
  readonly ingestion: IngestionServices
  readonly normalization: NormalizationServices
}

/** Files that people upload, from the first byte to the rows they become. */
export function wireUploads({ vault, ingestion, normalization }: UploadSources): UploadParts {
  return {
    db: ingestion.db,
    platforms: ingestion.platforms,
    countSync: ingestion.countSync,
    sealUpload: (owner, bytes) => vault.sealUpload(owner, bytes),
    openUpload: (owner, sealed) => vault.openUpload(owner, sealed),
    openBatch: (owner) => openBatch({ ...normalization, queueRebuild: queueRebuildLater }, owner),
    rebuildNow,
    preview: ({ normalize }, { dataType, ...payload }) => readPayload(normalize[dataType], payload, new Date()),
  }
}

export function bindUploadTasks(uploads: UploadParts, options: BindOptions): readonly BoundTask[] {
  return [
    bindTask(importUpload, uploads, options),
    bindTask(forgetAbandonedUploads, uploads, { ...options, schedule: '23 * * * *' }),
  ]
}
