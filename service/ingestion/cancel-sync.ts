import type { Database } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { cancelRun, findRunStatus, type RunKey } from './runs.ts'

/** Stops a run of the person's own. Answers its status: what had ended before stays as it was. Throws sync/run_not_found. */
export async function cancelSync(db: Database, key: RunKey): Promise<string> {
  if (await cancelRun(db, key)) return 'cancelled'
  const status = await findRunStatus(db, key)
  if (status === undefined) throw new AppError('sync/run_not_found')
  return status
}
