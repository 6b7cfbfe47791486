import { loadConfig } from '../config.ts'
import { importLocalFile, type LocalResult } from '../ingestion/import-local-file.ts'
import { registerPlatforms } from '../ingestion/register-platforms.ts'
import { AppError } from '../runtime/errors.ts'
import { wire } from '../wiring.ts'
import { explainRefusal } from './explain-refusal.ts'
import { showProgress } from './import-progress.ts'
import { openLocalFile } from './local-file.ts'

export interface ImportInput {
  readonly platform: string
  readonly path: string
  readonly userId: string
  readonly asJson: boolean
}

/** Answers what is printed at the end. Throws Error in one line that says what to do next. */
export async function importFileCommandRun({ platform, path, userId, asJson }: ImportInput): Promise<string> {
  const file = await openLocalFile(path)
  const { db, config, uploads } = wire(await loadConfig(), 'cli')
  const progress = showProgress({ asJson, size: file.size })
  try {
    if (config.platforms.get(platform)?.upload === undefined)
      throw new Error(`nothing can be imported from "${platform}"; apple-health can`)
    await registerPlatforms(db, config.platforms)
    const result = await importLocalFile(uploads, { userId, platform, file, onProgress: progress.update })
    progress.end()
    return describe(result, { asJson, summary: progress.summary() })
  } catch (error) {
    progress.end()
    throw error instanceof AppError ? new Error(explainRefusal(error), { cause: error }) : error
  } finally {
    await db.close()
    await file.close()
  }
}

function describe(
  result: LocalResult,
  { asJson, summary }: { asJson: boolean; summary: { seconds: number; recordsPerSecond: number } },
): string {
  if (asJson) return `${JSON.stringify({ ...result, ...summary })}\n`
  if (result.is === 'known') return `this file was imported before (sync run ${result.runId}); nothing to do\n`
  const { seconds, recordsPerSecond } = summary
  const continued = result.continued ? ', continued where it had stopped' : ''
  return `${result.records} records imported in ${seconds} s (${recordsPerSecond} records/s)${continued}; sync run ${result.runId}\n`
}
