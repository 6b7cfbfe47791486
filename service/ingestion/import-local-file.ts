import { randomUUID } from 'node:crypto'
import type { Platforms, UploadedFile } from '../platforms/contract.ts'
import { AppError } from '../runtime/errors.ts'
import type { BatchServices } from './import-batch.ts'
import { type ImportProgress, importFile } from './import-file.ts'
import { insertRun } from './runs.ts'
import { digestOf } from './stored-file.ts'
import { beginImport, failSilentImports, findSameFile, openUpload } from './uploads.ts'

export interface LocalImport {
  readonly userId: string
  readonly platform: string
  readonly file: UploadedFile
  readonly onProgress?: (progress: ImportProgress) => void
}

export type LocalResult =
  | { readonly is: 'imported'; readonly records: number; readonly runId: string; readonly continued: boolean }
  | { readonly is: 'known'; readonly runId: string }

/**
 * Imports a file of this machine without a copy of it. The same file again goes on where its import stopped, or is known. Throws
 * upload/busy, upload/* of a file that is refused, platform/unknown.
 */
export async function importLocalFile(
  services: BatchServices & { readonly platforms: Platforms },
  { userId, platform, file, onProgress }: LocalImport,
): Promise<LocalResult> {
  const upload = services.platforms.get(platform)?.upload
  if (upload === undefined) throw new AppError('platform/unknown', { platform })
  if (file.size > upload.maxFileBytes) throw new AppError('upload/too_large')
  const sha256 = await digestOf(file)
  const same = await findSameFile(services.db, { userId, platform, sha256 })
  if (same?.state === 'done') return { is: 'known', runId: same.runId }
  const key = same ?? (await begin(services, { userId, platform, sha256 }))
  const options = { key, upload, file, receivedAt: new Date(), ...(onProgress && { onProgress }) }
  const result = await importFile(services, options)
  if (result === 'elsewhere' || result === 'more') throw new AppError('upload/busy')
  return { is: 'imported', records: result.records, runId: key.runId, continued: same !== undefined }
}

async function begin(
  { db }: BatchServices,
  { userId, platform, sha256 }: { userId: string; platform: string; sha256: string },
): Promise<{ userId: string; uploadId: string; runId: string }> {
  const uploadId = randomUUID()
  return db.transaction(async (tx) => {
    await openUpload(tx, { userId, uploadId }, platform)
    await failSilentImports(tx, { userId, platform })
    const cursor = { uploadId, payloads: 0 }
    const { runId, started } = await insertRun(tx, {
      userId,
      platform,
      kind: 'upload',
      askedBy: 'person',
      since: new Date(0),
      until: new Date(),
      cursor,
    })
    if (!started) throw new AppError('upload/busy')
    await beginImport(tx, { userId, uploadId }, { sha256, runId })
    return { userId, uploadId, runId }
  })
}
