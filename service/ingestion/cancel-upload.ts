import type { Database } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { cancelRun } from './runs.ts'
import { endUpload, findUpload, forgetUpload, type UploadKey } from './uploads.ts'

/**
 * A person no longer wants a file to be sent or imported. Its bytes go at once; what was imported of it stays, as it does when an import
 * fails. A second time changes nothing. Throws upload/not_found.
 */
export async function cancelUpload(db: Database, key: UploadKey & { readonly platform: string }): Promise<void> {
  const upload = await findUpload(db, key)
  if (upload === undefined || upload.platform !== key.platform) throw new AppError('upload/not_found')
  await db.transaction(async (tx) => {
    // Which of the two it is may change until here: each does nothing where it does not apply.
    await forgetUpload(tx, key)
    const { runId = null } = (await findUpload(tx, key)) ?? {}
    if (runId !== null) await cancelRun(tx, { userId: key.userId, runId })
    await endUpload(tx, key, 'failed')
  })
}
