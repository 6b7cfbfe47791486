import { z } from 'zod'
import { defineTask } from '../runtime/jobs.ts'
import { findDue, findRunningRotation, type RotationKind } from './rotation-queries.ts'
import { type StartRotationServices, startRotation } from './start-rotation.ts'

export interface RotateDueServices extends StartRotationServices {
  readonly masterKeyMaxAgeDays: number
  readonly userKeyMaxAgeDays: number
}

/** Starts what is due by age, and what a new master key in the settings makes necessary; wakes a rotation that stopped. */
export const rotateDueKeys = defineTask<RotateDueServices>()({
  identifier: 'rotate_due_keys',
  payload: z.looseObject({}),
  jobKey: () => 'rotate_due_keys',
  async run(_payload, services) {
    const running = await findRunningRotation(services.db)
    const { masterIsOld, keysAreOld, wrappedByOther } = await findDue(services.db, services)
    const kind = running?.kind ?? kindOf(masterIsOld || wrappedByOther, keysAreOld)
    if (kind === undefined) return undefined
    await startRotation(services, {
      kind,
      actor: { kind: 'system', id: null },
      minAgeDays: services.userKeyMaxAgeDays,
      newMasterVersion: masterIsOld,
    })
    return undefined
  },
})

function kindOf(master: boolean, user: boolean): RotationKind | undefined {
  if (master) return user ? 'all' : 'master'
  return user ? 'user' : undefined
}
