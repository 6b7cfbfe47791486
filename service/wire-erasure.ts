import type { BoundAction } from './api/actions.ts'
import { bindAction } from './api/bind-action.ts'
import { cancelDeletionAction } from './api/cancel-deletion.action.ts'
import { deleteMyDataAction } from './api/delete-my-data.action.ts'
import { deletionReportAction } from './api/deletion-report.action.ts'
import { erasePersonAction } from './api/erase-person.action.ts'
import { placeLegalHoldAction } from './api/place-legal-hold.action.ts'
import { releaseLegalHoldAction } from './api/release-legal-hold.action.ts'
import { archiveMonths } from './compliance/archive/archive-months.task.ts'
import { deletePersonFiles, expireArchives } from './compliance/archive/delete-archives.ts'
import { createHeadSigner } from './compliance/audit/tree-head.ts'
import { erasePerson } from './compliance/erasure/erase-person.task.ts'
import { replayErasures } from './compliance/erasure/replay-erasures.task.ts'
import type { ErasureServices } from './compliance/erasure/services.ts'
import { refusePerson } from './compliance/erasure/tombstones.ts'
import { applyRetention, type RetentionServices } from './compliance/retention/apply-retention.task.ts'
import { endAllConnections } from './connections/end-all.ts'
import { attemptRevocation } from './connections/revoke-at-platform.ts'
import { type BindOptions, type BoundTask, bindTask } from './runtime/jobs.ts'
import { wireBackup } from './wire-backup.ts'
import { wireRequests } from './wire-privacy.ts'
import type { Wiring } from './wiring.ts'

/** Erasure reaches into every part; what it needs of each is handed to it here. */
export function wireErasure(wiring: Wiring): ErasureServices {
  const { config, db, vault, audit, connections } = wiring
  const backup = wireBackup({ config, db, audit })
  const { signingKey } = config.audit
  return {
    db,
    audit,
    requests: wireRequests(wiring),
    graceHours: config.erasureGraceHours,
    openInbox: (platform, sealed) => vault.openInbox(platform, sealed),
    endConnections: (tx, userId) => endAllConnections(connections, tx, userId),
    askPlatform: async (revocationId) => void (await attemptRevocation(connections, revocationId)),
    ledgerKey: backup?.key,
    deleteArchives: async (userId) => {
      if (backup !== undefined) await deletePersonFiles(backup, userId)
    },
    signer: signingKey === undefined ? undefined : createHeadSigner(signingKey),
    backupKeepDays: backup === undefined ? undefined : config.backup.keepDays,
  }
}

export function bindErasureActions(wiring: Wiring): readonly BoundAction[] {
  const erasure = wireErasure(wiring)
  return [
    bindAction(deleteMyDataAction, erasure),
    bindAction(cancelDeletionAction, erasure),
    bindAction(deletionReportAction, erasure),
    bindAction(erasePersonAction, erasure),
    bindAction(placeLegalHoldAction, erasure),
    bindAction(releaseLegalHoldAction, erasure),
  ]
}

export function bindErasureTasks(wiring: Wiring, options: BindOptions): readonly BoundTask[] {
  const { config, db, audit } = wiring
  const backup = wireBackup({ config, db, audit })
  return [
    bindTask(erasePerson, wireErasure(wiring), options),
    bindTask(applyRetention, wireRetention(wiring), { ...options, schedule: '51 2 * * *' }),
    bindTask(replayErasures, { db, store: backup?.store }, { ...options, schedule: '*/5 * * * *' }),
    ...(backup === undefined
      ? []
      : [
          bindTask(
            archiveMonths,
            { ...backup, archiveDays: config.backup.archiveDays },
            { ...options, schedule: '11 3 * * *' },
          ),
        ]),
  ]
}

export function wireRetention({ config, db, audit }: Wiring): RetentionServices {
  const backup = wireBackup({ config, db, audit })
  return {
    db,
    audit,
    retention: config.retention,
    expireArchives: async (kind, days) => {
      if (backup === undefined || (kind !== 'samples' && kind !== 'raw_fitness_data')) return 0
      return expireArchives(backup, kind, days)
    },
  }
}

/** A job about somebody who was erased, however it came back into the queue, is dropped and counted. */
export function refuseErased(task: BoundTask, { db, metrics }: Pick<Wiring, 'db' | 'metrics'>): BoundTask {
  return {
    ...task,
    async perform(payload, held) {
      const userId = userIdIn(payload)
      if (userId !== undefined && (await refusePerson(db, userId))) metrics.resurrectionsRefused.inc({ by: 'job' })
      else await task.perform(payload, held)
    },
  }
}

/** At the door: for actions and uploads of somebody whose sign-in outlives their data. */
export function countErased({ db, metrics }: Pick<Wiring, 'db' | 'metrics'>): (userId: string) => Promise<boolean> {
  return async (userId) => {
    const erased = await refusePerson(db, userId)
    if (erased) metrics.resurrectionsRefused.inc({ by: 'request' })
    return erased
  }
}

function userIdIn(payload: unknown): string | undefined {
  if (typeof payload !== 'object' || payload === null || !('userId' in payload)) return undefined
  const { userId } = payload
  return typeof userId === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(userId) ? userId : undefined
}
