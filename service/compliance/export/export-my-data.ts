import type { AuditActor } from '../../runtime/audit-event.ts'
import { AppError } from '../../runtime/errors.ts'
import { enqueue } from '../../runtime/jobs.ts'
import { lockPersonForDecision } from '../consent/queries.ts'
import { openRequest } from '../requests/requests.ts'
import { type ExportServices, exportData } from './export-data.task.ts'
import { countExportsOfDay, findLiveExport, insertExport } from './queries.ts'

const MOST_IN_A_DAY = 5

/**
 * Queues a copy of everything about the person, and writes the request down with its deadline; one that is running or waits to be fetched
 * is answered again. Throws privacy/too_many_exports.
 */
export async function exportMyData(
  { db, requests }: Pick<ExportServices, 'db' | 'requests'>,
  { userId, actor }: { userId: string; actor: AuditActor },
): Promise<{ exportId: string }> {
  return db.transaction(async (tx) => {
    await lockPersonForDecision(tx, userId)
    const live = await findLiveExport(tx, userId)
    if (live !== undefined) return { exportId: live }
    if ((await countExportsOfDay(tx, userId)) >= MOST_IN_A_DAY) throw new AppError('privacy/too_many_exports')
    const requestId = await openRequest(requests, tx, { userId, kind: 'export', channel: 'app', actor })
    const exportId = await insertExport(tx, { userId, requestId })
    await enqueue(tx, exportData, { payload: { userId, exportId } })
    return { exportId }
  })
}
