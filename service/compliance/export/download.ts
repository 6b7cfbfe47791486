import type { AuditActor } from '../../runtime/audit-event.ts'
import type { Tx } from '../../runtime/db.ts'
import { AppError } from '../../runtime/errors.ts'
import type { ExportServices } from './export-data.task.ts'
import { beginDownload, type ExportKey, endDownload, readChunk } from './queries.ts'

const LEASE_MINUTES = 60

export interface Download {
  readonly byteCount: number
  readonly bytes: AsyncGenerator<Buffer>
  /** To be called once it is over. */
  end(how: 'whole' | 'broken_off'): Promise<void>
}

type Services = Pick<ExportServices, 'db' | 'audit' | 'openExport'>

/**
 * Lends the copy to its owner, once: when they have all of it, it is removed; when they go away before, it can be fetched again, after an
 * hour also when nobody said how it ended. Throws privacy/export_not_there, also for another person's.
 */
export async function downloadExport(services: Services, key: ExportKey, actor: AuditActor): Promise<Download> {
  const ready = await beginDownload(services.db, key, LEASE_MINUTES)
  if (ready === undefined) throw new AppError('privacy/export_not_there')
  const tell = (action: string) => services.db.transaction((tx) => note(services, tx, { ...key, action, actor }))
  await tell('export.download_begun')
  return {
    byteCount: ready.byteCount,
    bytes: read(services, { ...key, ...ready }),
    end: (how) =>
      services.db.transaction(async (tx) => {
        await endDownload(tx, key, how)
        if (how === 'whole') await note(services, tx, { ...key, action: 'export.downloaded', actor })
      }),
  }
}

async function* read(
  { db, openExport }: Services,
  ready: ExportKey & { attempt: string; byteCount: number },
): AsyncGenerator<Buffer> {
  for (let position = 0; position < ready.byteCount; ) {
    const chunk = await readChunk(db, ready, position)
    if (chunk === undefined) throw new AppError('privacy/export_not_there')
    yield await openExport(ready, chunk.bytesSealed)
    position += chunk.byteCount
  }
}

async function note(
  { audit }: Services,
  tx: Tx,
  { userId, exportId, action, actor }: ExportKey & { action: string; actor: AuditActor },
): Promise<void> {
  await audit(tx, { action, actor, subjectUserId: userId, outcome: 'success', details: { exportId } })
}
