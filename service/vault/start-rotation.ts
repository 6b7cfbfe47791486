import type { AuditActor, RecordAudit } from '../runtime/audit-event.ts'
import type { Database } from '../runtime/db.ts'
import { enqueue } from '../runtime/jobs.ts'
import { rotateKeys } from './rotate-keys.task.ts'
import { findRunningRotation, insertRotation, type RotationKind } from './rotation-queries.ts'

export interface StartRotationServices {
  readonly db: Database
  readonly audit: RecordAudit
}

export interface RotationRequest {
  readonly kind: RotationKind
  readonly actor: AuditActor
  /** Only keys of people that are older are replaced. */
  readonly minAgeDays?: number
  /** False: everything goes under the version of the master key that is current already. */
  readonly newMasterVersion?: boolean
}

/** Starts a rotation and answers its id; while one is running, the id of that one. */
export async function startRotation(
  { db, audit }: StartRotationServices,
  { kind, actor, minAgeDays = 0, newMasterVersion = true }: RotationRequest,
): Promise<{ rotationId: string; isNew: boolean }> {
  return await db.transaction(async (tx) => {
    const wrapAnew = kind !== 'user' && newMasterVersion
    const started = await insertRotation(tx, { kind, requestedBy: actor.id, minAgeDays, wrapAnew })
    // Queued again even when it runs already: its job may have used up its attempts.
    await enqueue(tx, rotateKeys, { payload: {} })
    if (started === undefined) {
      const running = await findRunningRotation(tx)
      if (running === undefined) throw new Error('the running rotation ended at this moment; ask again')
      return { rotationId: running.id, isNew: false }
    }
    await audit(tx, {
      action: 'vault.rotation_started',
      actor,
      subjectUserId: null,
      outcome: 'success',
      details: { rotation_id: started.id, kind, total_keys: started.totalKeys },
    })
    return { rotationId: started.id, isNew: true }
  })
}
