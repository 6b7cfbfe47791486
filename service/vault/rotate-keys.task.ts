import { z } from 'zod'
import type { AuditEvent, RecordAudit } from '../runtime/audit-event.ts'
import { AppError } from '../runtime/errors.ts'
import { defineTask, PRIORITY } from '../runtime/jobs.ts'
import { deleteOldPurposeKeys, type SharedPurpose } from './purpose-queries.ts'
import type { RotationServices } from './reseal.ts'
import { codeOf, type Progress, wrapAllAnew } from './rotate-master.ts'
import { replaceAllUserKeys } from './rotate-users.ts'
import {
  addProgress,
  findRunningRotation,
  finishRotation,
  noteRotationError,
  type Rotation,
  setRotationVersion,
} from './rotation-queries.ts'

export interface RotateKeysServices extends RotationServices {
  readonly audit: RecordAudit
}

const SHARED_PURPOSES: readonly SharedPurpose[] = ['oauth_state', 'inbox', 'revocation', 'export']
/** Longer than anything these keys seal is kept: webhook bodies for sixty days at most, revocations for thirty, attempts for minutes. */
const KEEP_PURPOSE_KEYS_DAYS = 90

/**
 * Does the rotation that is running, online and in small steps. Killed or failed anywhere, the next run goes on with what is left, for
 * each step asks the tables what is not done yet.
 */
export const rotateKeys = defineTask<RotateKeysServices>()({
  identifier: 'rotate_keys',
  payload: z.object({}),
  jobKey: () => 'rotate_keys',
  priority: PRIORITY.history,
  async run(_payload, services) {
    const rotation = await findRunningRotation(services.db)
    if (rotation === undefined) return undefined
    try {
      await rotate(services, rotation)
    } catch (error) {
      await noteRotationError(services.db, rotation.id, codeOf(error))
      // No kind of failure ends a rotation: half of the keys would be left.
      throw error instanceof AppError && !error.spec.retry ? new Error(error.code, { cause: error }) : error
    }
    return undefined
  },
})

async function rotate(services: RotateKeysServices, rotation: Rotation): Promise<void> {
  const { db, keyring, audit } = services
  const report = (progress: Progress) => addProgress(db, rotation.id, progress)
  if (rotation.kind !== 'user') await wrapAllAnew(services, await targetOf(services, rotation), report)
  if (rotation.kind !== 'master') {
    await replaceAllUserKeys(services, rotation.keysBefore, report)
    for (const purpose of SHARED_PURPOSES) await keyring.purposeKeys.renew(purpose, rotation.keysBefore)
  }
  await db.transaction(async (tx) => {
    await deleteOldPurposeKeys(tx, KEEP_PURPOSE_KEYS_DAYS)
    if (await finishRotation(tx, rotation.id)) await audit(tx, completed(rotation))
  })
}

async function targetOf({ db, keyring }: RotateKeysServices, rotation: Rotation): Promise<number> {
  if (rotation.masterVersion !== null) return rotation.masterVersion
  const { version } = await keyring.masterKeys.rotate(db, (tx, made) =>
    setRotationVersion(tx, rotation.id, made.version),
  )
  return version
}

function completed({ id, kind, totalKeys }: Rotation): AuditEvent {
  return {
    action: 'vault.rotation_completed',
    actor: { kind: 'system', id: null },
    subjectUserId: null,
    outcome: 'success',
    details: { rotation_id: id, kind, total_keys: totalKeys },
  }
}
